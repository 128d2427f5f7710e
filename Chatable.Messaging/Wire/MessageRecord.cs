namespace Chatable.Messaging.Wire;

/// <summary>A stored message with everything that clients see of it.</summary>
public readonly record struct MessageRecord
{
    /// <summary>The largest text that the database accepts, in bytes of UTF-8.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    public required Guid MessageId { get; init; }
    public required long ConversationId { get; init; }

    /// <summary>Dense from 1 in its conversation. All participants share this order.</summary>
    public required long ConversationSeq { get; init; }

    public required ClientId ClientId { get; init; }
    public required long AuthorId { get; init; }
    public required string Author { get; init; }
    public required long RecipientId { get; init; }
    public required string Recipient { get; init; }
    public MessageType Type { get; init; }

    /// <summary>The text as UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>UTC, to the microsecond. Never earlier than that of a lower <see cref="ConversationSeq"/>.</summary>
    public required DateTime CreatedAt { get; init; }
}
