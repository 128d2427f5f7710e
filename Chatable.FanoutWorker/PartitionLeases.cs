using Chatable.Messaging;
using Chatable.Messaging.Registry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

internal enum LeaseAnswer
{
    /// <summary>Another worker has it.</summary>
    Taken = 0,
    Held = 1,

    /// <summary>No worker holds it, but Redis is out of memory and cannot record this worker's lease.</summary>
    OutOfMemory = 2,
}

/// <summary>
/// Assigns partitions to workers: <c>lease:{p}</c> holds a worker's name, and <c>workers</c> lists the live ones, all by Redis' clock.
/// Leases only avoid duplicate work. No ordering depends on them, and two workers on one partition are harmless.
/// </summary>
internal sealed class PartitionLeases(IConnectionMultiplexer redis, ServerIdentity identity, IOptions<FanoutOptions> options)
{
    // A lease longer than the full duration was taken before the clock was set back, and its holder may be gone.
    private const string Hold = """
        local holder = redis.call('GET', KEYS[1])
        if holder == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end
        if holder then
            if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
            return 0
        end
        local set = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return set.err and 2 or 1
        """;

    private const string Release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

    // Counts this worker even if there was no memory to record it. No entry may outlast a full lifetime from now, because the clock may
    // have been set back.
    private const string Heartbeat = """
        local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
        local latest = now + tonumber(ARGV[2])
        for _, worker in ipairs(redis.call('ZRANGE', KEYS[1], '(' .. latest, '+inf', 'BYSCORE')) do
            redis.pcall('ZADD', KEYS[1], latest, worker)
        end
        redis.pcall('ZADD', KEYS[1], latest, ARGV[1])
        return math.max(1, redis.call('ZCARD', KEYS[1]))
        """;

    private readonly string _prefix = options.Value.KeyPrefix;
    private readonly RedisValue _name = identity.Name;
    private readonly RedisValue _duration = (long)options.Value.LeaseDuration.TotalMilliseconds;

    /// <summary>Sends this worker's heartbeat, and returns the number of live workers.</summary>
    public async Task<int> HeartbeatAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (int)await redis.GetDatabase().ScriptEvaluateAsync(Heartbeat, [Workers], [_name, _duration]);
    }

    /// <summary>Takes or renews a lease.</summary>
    public async Task<LeaseAnswer> HoldAsync(int partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (LeaseAnswer)(int)await redis.GetDatabase().ScriptEvaluateAsync(Hold, [Lease(partition)], [_name, _duration]);
    }

    /// <summary>Releases a lease if this worker holds it.</summary>
    public async Task ReleaseAsync(int partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().ScriptEvaluateAsync(Release, [Lease(partition)], [_name]);
    }

    /// <summary>Removes this worker from the live ones.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().SortedSetRemoveAsync(Workers, _name);
    }

    /// <summary>The share of one worker among <paramref name="live"/>, rounded up so that no partition is left over.</summary>
    public static int Share(int partitions, int live) => (partitions + live - 1) / live;

    private RedisKey Workers => LiveWorkers.KeyOf(_prefix);

    private RedisKey Lease(int partition) => $"{_prefix}lease:{{{partition}}}";
}
