using System.Diagnostics.Metrics;
using Chatable.ApiService.Auth;
using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Api;

public sealed class RevocationMetricsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ATokenWhoseEndRedisCannotBeToldEndsHereAndIsCounted()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var counted = new CounterReading(meters, "chatable.auth.revocations.not_announced");
        var nowhere = ConfigurationOptions.Parse($"127.0.0.1:{ServerProcess.FreePort()}");
        RedisBacklog.FailFast(nowhere);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(nowhere);
        var options = Options.Create(new AuthOptions());
        // No key is looked up.
        var keys = new AccessKeys(tokens: null!, options, TimeProvider.System);
        using var revocations = new TokenRevocations(
            redis, keys, options, new RevocationMetrics(meters), TimeProvider.System, NullLogger<TokenRevocations>.Instance);
        List<EndedToken> ended = [];
        revocations.Revoked += ended.Add;

        await revocations.AnnounceAsync([new EndedToken(42, "one"), new EndedToken(43, "other")], Cancellation);

        Assert.Equal([42, 43], ended.Select(token => token.TokenId));
        Assert.Equal(2, counted.Total);
    }
}
