using StackExchange.Redis;

namespace Chatable.Messaging;

public static class RedisSubscriptions
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Whether Redis, or the connection to it, is to blame.</summary>
    // RedisTimeoutException is a TimeoutException and no RedisException.
    public static bool IsOfRedis(Exception failure) => failure is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>Subscribes, and tries again each second until it holds. The client itself renews a subscription when it reconnects.</summary>
    /// <param name="redis">The connection.</param>
    /// <param name="channel">What to listen to.</param>
    /// <param name="handler">Called for each message. One that was published before is not repeated.</param>
    /// <param name="onFailure">Called for each attempt that fails.</param>
    /// <param name="time">For the delay.</param>
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
                // A failed attempt leaves its handler behind, which the next one would double.
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
            // A handler too many only applies a message twice.
        }
    }
}
