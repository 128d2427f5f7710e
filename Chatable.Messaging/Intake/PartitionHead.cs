using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>An entry as it stands in a partition; the bytes may be anything.</summary>
public readonly record struct IntakeItem(RedisValue Id, ReadOnlyMemory<byte> Payload);

/// <summary>The oldest entries of one partition, as they were read.</summary>
public readonly record struct PartitionHead(int Partition, IReadOnlyList<IntakeItem> Items);
