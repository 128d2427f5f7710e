using StackExchange.Redis;

namespace Chatable.Messaging.Control;

/// <summary>
/// Sends control messages to all API servers through Redis. A server that is not listening at that moment misses the message, so use it
/// for what an operator asks and watches, never for what must happen.
/// </summary>
/// <param name="redis">The connection.</param>
/// <param name="keyPrefix">As all keys and channels have it.</param>
public sealed class ControlChannel(IConnectionMultiplexer redis, string keyPrefix)
{
    private readonly RedisChannel _channel = RedisChannel.Literal($"{keyPrefix}control");

    /// <summary>Tells every server that listens, and returns how many do.</summary>
    public async Task<long> PublishAsync(ControlMessage message, CancellationToken cancellationToken) =>
        await redis.GetSubscriber().PublishAsync(_channel, message.Format()).WaitAsync(cancellationToken);

    /// <summary>Listens from now on; tries again until it does.</summary>
    public Task SubscribeAsync(
        Action<ControlMessage> onMessage, Action<Exception> onFailure, TimeProvider time, CancellationToken cancellationToken) =>
        redis.SubscribeUntilHeldAsync(
            _channel,
            (_, payload) =>
            {
                if (ControlMessage.Parse(payload) is { } message)
                    onMessage(message);
            },
            onFailure, time, cancellationToken);
}
