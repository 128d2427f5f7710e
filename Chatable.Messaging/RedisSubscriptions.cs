using StackExchange.Redis;

namespace Chatable.Messaging;

public static class RedisSubscriptions
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Whether Redis, or the connection to it, caused the failure.</summary>
    // RedisTimeoutException derives from TimeoutException, not from RedisException.
    public static bool IsOfRedis(Exception failure) => failure is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>
    /// Subscribes, retrying every second until it succeeds. On reconnection, the client library renews the subscription itself.
    /// </summary>
    /// <param name="redis">The connection.</param>
    /// <param name="channel">The channel to subscribe to.</param>
    /// <param name="handler">Called for each message. Messages published before the subscription are not delivered.</param>
    /// <param name="onFailure">Called for each attempt that fails.</param>
    /// <param name="time">Times the delay between attempts.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    public static async Task SubscribeUntilHeldAsync(
        this IConnectionMultiplexer redis, RedisChannel channel, Action<RedisChannel, RedisValue> handler, Action<Exception> onFailure,
        TimeProvider time, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await redis.GetSubscriber().SubscribeAsync(channel, handler).WaitAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                onFailure(e);
                // A failed attempt leaves its handler registered. The next attempt would register it twice.
                Unsubscribe(redis, channel, handler);
                await Task.Delay(s_retryDelay, time, cancellationToken);
            }
        }
    }

    private static void Unsubscribe(IConnectionMultiplexer redis, RedisChannel channel, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            redis.GetSubscriber().Unsubscribe(channel, handler, CommandFlags.FireAndForget);
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            // With an extra handler, messages are only applied twice.
        }
    }
}
