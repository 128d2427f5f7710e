using System.Globalization;
using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Announces to every replica at once which tokens have ended. A lost announcement does no lasting harm: the database is authoritative, and
/// the key cache and the periodic check of open sockets detect the end within their limits.
/// </summary>
internal sealed partial class TokenRevocations(
    IConnectionMultiplexer redis, AccessKeys keys, IOptions<AuthOptions> options, RevocationMetrics metrics, TimeProvider time,
    ILogger<TokenRevocations> logger) : BackgroundService
{
    private static readonly TimeSpan s_publishTimeout = TimeSpan.FromSeconds(1);

    // payload: "<token id> <access key id>", e.g. "42 AN5O6G5HYN4KFY7H2KM7XX4MKRI2RPNKUQELMQ54RITJBNS5RXKA"
    private readonly RedisChannel _channel = RedisChannel.Literal($"{options.Value.KeyPrefix}revoke");

    /// <summary>Raised when a token has ended on any replica, possibly more than once.</summary>
    public event Action<EndedToken>? Revoked;

    /// <summary>Raised when announcements may have been missed, such as after this replica was not subscribed for a while.</summary>
    public event Action? Missed;

    /// <summary>Call this after the end of the tokens is committed. Does not throw if Redis fails.</summary>
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

    /// <summary>Call this when announcements may have been missed.</summary>
    public void LookAnew()
    {
        keys.ForgetAll();
        Missed?.Invoke();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Announcements made while this replica was not subscribed are not repeated.
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
