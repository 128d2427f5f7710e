using Chatable.Tests.Api;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;

namespace Chatable.Tests.Stores;

public sealed class EvictionPolicyTests(PostgresServer postgres, RedisServer redis)
{
    private const string Warning = "Redis' maxmemory-policy is volatile-lru";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ServicesWarnOfARedisThatWouldThrowKeysAwayAndNameTheFix()
    {
        await using var evicting = new RedisServer();
        await evicting.InitializeAsync();
        await using (var connection = await IntakeRedis.ConnectAsync(evicting.ConnectionString))
            await connection.Database.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
        var database = await postgres.CreateMigratedDatabaseAsync(Token);
        await using var worker = WorkerProcess.Start("w1", database, evicting.ConnectionString, "");
        using var api = await ApiProcess.StartAsync(database, evicting.ConnectionString, Token);
        using var unconcerned = await ApiProcess.StartAsync(
            database, redis.ConnectionString, Token, ("Chatable__KeyPrefix", "noeviction:"));

        foreach (var output in (Func<string>[])[() => worker.Output, () => api.Output])
        {
            await Eventually.HoldsAsync(() => Task.FromResult(output().Contains(Warning, StringComparison.Ordinal)), "it warns", Token);
            Assert.Contains("CONFIG SET maxmemory-policy noeviction", output(), StringComparison.Ordinal);
        }

        using var client = new HttpClient { BaseAddress = unconcerned.Address };
        using var health = await client.GetAsync("/health", Token);
        Assert.Equal(System.Net.HttpStatusCode.OK, health.StatusCode);
        Assert.DoesNotContain("maxmemory-policy", unconcerned.Output, StringComparison.Ordinal);
    }
}
