using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>
/// Redis has no memory for what the worker tells the servers; what they missed must not wait for the next comparison with the log.
/// </summary>
public class OutOfMemoryTests(OutOfMemoryTests.Servers servers) : IClassFixture<OutOfMemoryTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__Delivery__ReconcileInterval", "01:00:00")];
    }

    [Fact]
    public async Task WhatWasStoredMeanwhileArrivesOnceThereIsMemory()
    {
        var redis = servers.Redis.GetDatabase();
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        using (await servers.PauseWorkerAsync(_ct))
        {
            await bobs.SendAsync(alice, "dropped on its way", _ct);
            await Eventually.HoldsAsync(async () => await WaitingAsync() == 1, "the message is in the intake", _ct);
            await SetMemoryAsync("1");
        }

        await Eventually.HoldsAsync(async () => await WaitingAsync() == 0, "the message is stored", _ct);
        // Renewed every 3 s for 10 s: refused by now, and not over, which the servers would notice by itself.
        await Eventually.HoldsAsync(
            async () => (await redis.SortedSetRangeByRankWithScoresAsync("servers"))
                .All(lease => lease.Score - DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() < 6_000),
            "no server could renew its lease", _ct);
        await SetMemoryAsync("0");

        Assert.Equal("dropped on its way", (await alices.ReceiveAsync(_ct)).Text("message"));

        async Task<long> WaitingAsync() =>
            (await Task.WhenAll(Enumerable.Range(0, 16).Select(partition => redis.StreamLengthAsync($"in:{{{partition}}}")))).Sum();
    }

    private Task SetMemoryAsync(string bytes) => servers.Redis.GetServers().Single().ConfigSetAsync("maxmemory", bytes);
}
