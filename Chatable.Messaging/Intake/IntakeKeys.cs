using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

internal sealed class IntakeKeys(string prefix)
{
    public RedisKey Partitions { get; } = $"{prefix}meta:partitions";

    public RedisKey Log(int partition) => $"{prefix}in:{{{partition}}}";

    public RedisKey DeadLetters(int partition) => $"{prefix}dlq:{{{partition}}}";

    public RedisKey Attempts(int partition) => $"{prefix}att:{{{partition}}}";
}
