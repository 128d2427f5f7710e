using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

// The partition is the hash tag: all keys of one partition live in one slot of a cluster, so one script can touch them.
internal sealed class IntakeKeys(string prefix)
{
    public RedisKey Partitions { get; } = $"{prefix}meta:partitions";

    /// <summary>The channel that tells of appends on a cluster.</summary>
    public RedisChannel Arrivals { get; } = RedisChannel.Literal($"{prefix}arrivals");

    public RedisKey Log(int partition) => $"{prefix}in:{{{partition}}}";

    public RedisKey DeadLetters(int partition) => $"{prefix}dlq:{{{partition}}}";

    public RedisKey Attempts(int partition) => $"{prefix}att:{{{partition}}}";
}
