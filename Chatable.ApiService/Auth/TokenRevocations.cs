using System.Globalization;
using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Tells every replica at once which tokens have ended. A notice that is lost does no lasting harm: the database is the truth, and the
/// cache of keys and the re-check of open sockets come to it within their bounds.
/// </summary>
internal sealed partial class TokenRevocations(
    IConnectionMultiplexer redis, AccessKeys keys, IOptions<AuthOptions> options, RevocationMetrics metrics, TimeProvider time,
    ILogger<TokenRevocations> logger) : BackgroundService
{
    private static readonly TimeSpan s_publishTimeout = TimeSpan.FromSeconds(1);

    // payload: "<token id> <access key id>", e.g. "42 AN5O6G5HYN4KFY7H2KM7XX4MKRI2RPNKUQELMQ54RITJBNS5RXKA"
    private readonly RedisChannel _channel = RedisChannel.Literal($"{options.Value.KeyPrefix}revoke");

    /// <summary>Raised with a token that has ended, on whichever replica it was; more than once is possible.</summary>
    public event Action<EndedToken>? Revoked;

    /// <summary>Raised when tokens may have ended unheard, as when this replica did not listen for a while.</summary>
    public event Action? Missed;

    /// <summary>To be called after the tokens' end is committed. Does not fail where Redis does.</summary>
    public async Task AnnounceAsync(IReadOnlyCollection<EndedToken> ended, CancellationToken cancellationToken)
    {
        foreach (var token in ended)
        {
            Apply(token);
            try
            {
                var payload = string.Create(CultureInfo.InvariantCulture, $"{token.TokenId} {token.AccessKeyId}");
                await redis.GetSubscriber().PublishAsync(_channel, payload).WaitAsync(s_publishTimeout, time, cancellationToken);
            }
            catch (Exception e) when (RedisSubscriptions.IsOfRedis(e))
            {
                metrics.NotAnnounced();
                LogNotAnnounced(logger, e, token.TokenId);
            }
        }
    }

    /// <summary>To be called when tokens may have ended unheard.</summary>
    public void LookAnew()
    {
        keys.ForgetAll();
        Missed?.Invoke();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // What was announced while this replica was not listening is not repeated.
        redis.ConnectionRestored += (_, e) =>
        {
            if (e.ConnectionType == ConnectionType.Subscription)
                LookAnew();
        };
        await redis.SubscribeUntilHeldAsync(_channel, OnNotice, e => LogNotSubscribed(logger, e), time, stoppingToken);
    }

    private void OnNotice(RedisChannel channel, RedisValue payload)
    {
        if (((string?)payload)?.Split(' ') is [var id, var accessKeyId] && long.TryParse(id, CultureInfo.InvariantCulture, out var tokenId))
            Apply(new EndedToken(tokenId, accessKeyId));
    }

    private void Apply(EndedToken token)
    {
        keys.Forget(token.AccessKeyId);
        Revoked?.Invoke(token);
    }
}
