using System.Buffers.Binary;
using System.IO.Hashing;

namespace Chatable.Messaging;

/// <summary>
/// The intake partition of a direct conversation: xxHash64(lower user id, higher user id) mod the partition count.
/// </summary>
public static class Partitioning
{
    /// <summary>The partition of the conversation between two users, the same for both directions.</summary>
    public static int PartitionOf(long user, long other, int partitions)
    {
        Span<byte> pair = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(pair, Math.Min(user, other));
        BinaryPrimitives.WriteInt64BigEndian(pair[8..], Math.Max(user, other));
        return (int)(XxHash64.HashToUInt64(pair) % (ulong)partitions);
    }
}
