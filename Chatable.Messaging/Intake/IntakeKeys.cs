using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

// The partition is the hash tag: all keys of one partition live in one slot of a cluster, so one script can touch them.
internal sealed class IntakeKeys(string prefix)
{
    public RedisKey Partitions { get; } = $"{prefix}meta:partitions";

    public RedisKey Log(int partition) => $"{prefix}in:{{{partition}}}";

    public RedisKey DeadLetters(int partition) => $"{prefix}dlq:{{{partition}}}";

    public RedisKey Attempts(int partition) => $"{prefix}att:{{{partition}}}";

    public RedisChannel Wake(int partition) => RedisChannel.Literal(WakeName(partition));

    public string WakeName(int partition) => $"{prefix}wake:in:{{{partition}}}";
}
