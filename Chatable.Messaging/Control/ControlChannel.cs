using StackExchange.Redis;

namespace Chatable.Messaging.Control;

/// <summary>
/// Carries control messages to all API servers by Redis' publish and subscribe. Who does not listen at that moment misses one, so that
/// it is for a person who watches what happens, never for what must happen.
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
