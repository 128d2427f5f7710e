using StackExchange.Redis;

namespace Chatable.Messaging;

// Wake-ups carry no payload: a subscriber that falls behind costs Redis nothing, and one that misses some only waits for its poll.
internal sealed class WakeUps : IAsyncDisposable
{
    private readonly ISubscriber _subscriber;
    private readonly RedisChannel _channel;
    private readonly Action<RedisChannel, RedisValue> _handler;

    private WakeUps(ISubscriber subscriber, RedisChannel channel, Action wake)
    {
        (_subscriber, _channel) = (subscriber, channel);
        _handler = (_, _) => wake();
    }

    public static async Task<IAsyncDisposable> SubscribeAsync(IConnectionMultiplexer redis, RedisChannel channel, Action wake)
    {
        var wakeUps = new WakeUps(redis.GetSubscriber(), channel, wake);
        await wakeUps._subscriber.SubscribeAsync(channel, wakeUps._handler);
        return wakeUps;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _subscriber.UnsubscribeAsync(_channel, _handler);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            // The subscription ends with the connection.
        }
    }
}
