using Chatable.Messaging.Wire.V2;

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

    /// <summary>The data for the author's ack, if the message has <paramref name="seq"/> in the author's log.</summary>
    public StoredPlace PlaceAt(long seq) => new(ClientId, MessageId, seq, ConversationId, ConversationSeq, CreatedAt);

    // var conversation, var conversation seq, 16 message id, var author id, var recipient id, client id, str author, str recipient,
    // u8 type, i64 created at (100 ns ticks, UTC), var length, body
    internal void Write(WireWriter writer)
    {
        writer.Varint(ConversationId);
        writer.Varint(ConversationSeq);
        writer.Uuid(MessageId);
        writer.Varint(AuthorId);
        writer.Varint(RecipientId);
        writer.ShortClientId(ClientId);
        writer.ShortText(Author);
        writer.ShortText(Recipient);
        writer.Byte((byte)Type);
        writer.Int64(CreatedAt.Ticks);
        writer.Varint(Body.Length);
        writer.Raw(Body.Span);
    }

    internal static bool TryRead(ref WireReader reader, out MessageRecord message)
    {
        var conversationId = reader.Integer();
        var conversationSeq = reader.Integer();
        var messageId = reader.Uuid();
        var authorId = reader.Integer();
        var recipientId = reader.Integer();
        var clientId = reader.ShortClientId();
        var author = reader.ShortText();
        var recipient = reader.ShortText();
        var type = (MessageType)reader.Byte();
        var ticks = reader.Int64();
        var body = reader.Raw(reader.Length());
        if (reader.Failed || ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            message = default;
            return false;
        }

        message = new MessageRecord
        {
            MessageId = messageId,
            ConversationId = conversationId,
            ConversationSeq = conversationSeq,
            ClientId = clientId,
            AuthorId = authorId,
            Author = author,
            RecipientId = recipientId,
            Recipient = recipient,
            Type = type,
            Body = body,
            CreatedAt = new DateTime(ticks, DateTimeKind.Utc),
        };
        return true;
    }
}
