using StackExchange.Redis;

namespace Chatable.Messaging.Control;

/// <summary>
/// Sends control messages to all API servers through Redis. A server that is not subscribed at that moment misses the message. Use it only
/// for operator requests whose effect the operator can observe, never for anything that must happen.
/// </summary>
/// <param name="redis">The connection.</param>
/// <param name="keyPrefix">The prefix that all keys and channels have.</param>
public sealed class ControlChannel(IConnectionMultiplexer redis, string keyPrefix)
{
    private readonly RedisChannel _channel = RedisChannel.Literal($"{keyPrefix}control");

    /// <summary>Publishes a message to every subscribed server, and returns how many servers received it.</summary>
    public async Task<long> PublishAsync(ControlMessage message, CancellationToken cancellationToken) =>
        await redis.GetSubscriber().PublishAsync(_channel, message.Format()).WaitAsync(cancellationToken);

    /// <summary>Subscribes from now on, and retries until it succeeds.</summary>
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
