using System.IO.Hashing;
using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Messages;

/// <summary>What makes a message one and the same however often it is sent.</summary>
internal readonly record struct MessageKey(long AuthorId, Guid ClientKey);

/// <summary>The two users of a direct conversation, in the order it is stored under; both the same for a note to oneself.</summary>
internal readonly record struct UserPair(long Low, long High)
{
    public static UserPair Of(long user, long other) => new(Math.Min(user, other), Math.Max(user, other));
}

/// <summary>Where a stored message stands.</summary>
internal readonly record struct MessagePlace(
    Guid MessageId, long ConversationId, long ConversationSeq, long AuthorSeq, DateTime CreatedAt);

/// <summary>A message stored earlier, and what was sent as it: see <see cref="Messages.Fingerprint"/>.</summary>
internal readonly record struct StoredMessage(MessagePlace Place, Guid Fingerprint);

/// <summary>The end of a conversation; <paramref name="LastMessageAt"/> is the earliest of all times where it is empty.</summary>
internal readonly record struct ConversationHead(long Id, long LastSeq, DateTime LastMessageAt);

/// <summary>What the database says of a batch while its users' heads are locked: nothing in it can change before the commit.</summary>
internal sealed class BatchSnapshot
{
    /// <summary>The number of the epoch; null where it is over, and nothing may be written before the next has begun.</summary>
    public int? Epoch { get; set; }

    public Dictionary<long, long> Heads { get; } = [];
    public Dictionary<MessageKey, StoredMessage> Stored { get; } = [];
    public Dictionary<UserPair, ConversationHead> Conversations { get; } = [];

    /// <summary>The database's clock, read after the locks were taken.</summary>
    public DateTime Now { get; set; }
}

/// <summary>
/// Tells a message that is sent again from another one under the same client id: a hash of what was sent, 128 bits of it. It need not
/// resist attacks, since a client id is its author's own.
/// </summary>
public static class Fingerprint
{
    public static Guid Of(long conversation, MessageType type, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(body, hash, seed: conversation << 8 | (byte)type);
        return new Guid(hash, bigEndian: true);
    }
}
