namespace Chatable.Messaging.Messages;

/// <summary>The identity of a message. It stays the same however often the message is sent.</summary>
internal readonly record struct MessageKey(long AuthorId, Guid ClientKey);

/// <summary>The two users of a direct conversation, lower id first, as stored. Both are the same user for a note to self.</summary>
internal readonly record struct UserPair(long Low, long High)
{
    public static UserPair Of(long user, long other) => new(Math.Min(user, other), Math.Max(user, other));
}

/// <summary>The position of a stored message.</summary>
internal readonly record struct MessagePlace(
    Guid MessageId, long ConversationId, long ConversationSeq, long AuthorSeq, DateTime CreatedAt);

/// <summary>A message stored earlier, and the fingerprint of its content: see <see cref="Wire.Fingerprint"/>.</summary>
internal readonly record struct StoredMessage(MessagePlace Place, Guid Fingerprint);

/// <summary>
/// The end of a conversation. <paramref name="LastMessageAt"/> is <see cref="DateTime.MinValue"/> if the conversation is empty.
/// </summary>
internal readonly record struct ConversationHead(long Id, long LastSeq, DateTime LastMessageAt);

/// <summary>The database state of a batch, read while its users' heads are locked. It cannot change before the commit.</summary>
internal sealed class BatchSnapshot
{
    /// <summary>The number of the epoch. Null if the epoch is over; nothing may be written before the next one has begun.</summary>
    public int? Epoch { get; set; }

    public Dictionary<long, long> Heads { get; } = [];
    public Dictionary<MessageKey, StoredMessage> Stored { get; } = [];
    public Dictionary<UserPair, ConversationHead> Conversations { get; } = [];

    /// <summary>The database's clock, read after the locks were taken.</summary>
    public DateTime Now { get; set; }
}
