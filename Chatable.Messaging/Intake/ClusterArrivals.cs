using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// Waits for what arrives on a cluster, where no command can wait for partitions on several servers: one channel tells of every append to
/// an empty one. A word can be lost, so nobody waits for long.
/// </summary>
internal sealed class ClusterArrivals(RedisChannel channel)
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _subscribed;

    /// <summary>To be taken before it is looked at what is there; completes with any arrival after that.</summary>
    public async Task<Task> NextAsync(IConnectionMultiplexer redis)
    {
        if (!_subscribed)
            await redis.GetSubscriber().SubscribeAsync(channel, (_, _) => _next.TrySetResult());
        _subscribed = true;
        if (_next.Task.IsCompleted)
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _next.Task;
    }
}
