using Chatable.Messaging.Registry;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

/// <summary>Another Redis takes over the address. Registered servers notice that without any other sign.</summary>
public sealed class RedisRestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void AnotherRunIsNoticedOnceAndOneThatNamesNoneSaysNothing()
    {
        var run = new ServerRun();
        Assert.True(run.Continues("aa"));
        Assert.True(run.Continues("aa"));
        Assert.False(run.Continues("bb"));
        Assert.True(run.Continues(""));
        Assert.True(run.Continues("bb"));
        Assert.False(run.Continues("aa"));
    }

    [Fact]
    public async Task HeartbeatSaysThatRedisIsAnotherThoughTheLeaseIsThere()
    {
        await using var server = new RedisServer();
        await server.InitializeAsync();
        await using var redis = await IntakeRedis.ConnectAsync(server.ConnectionString);
        var boot = Guid.NewGuid();
        var registry = new ServerRegistry(redis.Connection, Options.Create(new RegistryOptions()), TimeProvider.System);
        Assert.False(await registry.HeartbeatAsync(boot, Token));
        Assert.True(await registry.HeartbeatAsync(boot, Token));

        await server.ReplaceAsync(Token);
        // As if its append-only file had kept the lease and lost later data: the lease alone does not show the loss.
        await using (var restored = await IntakeRedis.ConnectAsync(server.ConnectionString))
        {
            await restored.Database.SortedSetAddAsync(
                "servers", boot.ToString("N"), DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeMilliseconds());
        }

        bool? known = null;
        await Eventually.HoldsAsync(async () => (known = await TryAsync()) is not null, "Redis answers again", Token);
        Assert.False(known);
        Assert.True(await registry.HeartbeatAsync(boot, Token));

        async Task<bool?> TryAsync()
        {
            try
            {
                return await registry.HeartbeatAsync(boot, Token);
            }
            catch (Exception away) when (away is RedisException or TimeoutException)
            {
                return null;
            }
        }
    }
}
