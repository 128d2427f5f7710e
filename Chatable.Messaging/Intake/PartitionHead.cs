using System.Globalization;
using Chatable.Messaging.Wire;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>An entry as it stands in a partition; the bytes may be anything.</summary>
public readonly record struct IntakeItem(RedisValue Id, ReadOnlyMemory<byte> Payload);

/// <summary>The oldest entries of one partition, as they were read: all there were, up to the last of them.</summary>
public readonly record struct PartitionHead(int Partition, IReadOnlyList<IntakeItem> Items)
{
    /// <summary>
    /// The id after the last entry's, <c>time-sequence</c>. Ids of a partition only grow, so nothing comes before it that was not read.
    /// Only where there is an entry.
    /// </summary>
    public string End
    {
        get
        {
            var last = Items[^1].Id.ToString();
            var dash = last.IndexOf('-', StringComparison.Ordinal);
            var time = ulong.Parse(last.AsSpan(0, dash), CultureInfo.InvariantCulture);
            var sequence = ulong.Parse(last.AsSpan(dash + 1), CultureInfo.InvariantCulture);
            return sequence == ulong.MaxValue ? $"{time + 1}-0" : $"{time}-{sequence + 1}";
        }
    }

    /// <summary>
    /// By what the last entry is known again: its id alone may be another's where Redis lost the log and its clock was set back.
    /// Only where there is an entry.
    /// </summary>
    internal (RedisValue Id, ReadOnlyMemory<byte> Beginning) Last =>
        (Items[^1].Id, Items[^1].Payload[..Math.Min(Items[^1].Payload.Length, IntakeEntry.IdentityLength)]);
}
