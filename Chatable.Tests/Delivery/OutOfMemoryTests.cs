using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>
/// Redis has no memory for the worker's pushes. The servers must not wait for the next comparison with the log to deliver them.
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
        // Leases last 10 s and are renewed every 3 s. By now a renewal has failed, but no lease has expired: servers would notice that by
        // themselves.
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
