namespace Chatable.Messaging.Wire;

/// <summary>A stored message with everything a client is shown of it.</summary>
public sealed record MessageRecord
{
    public required Guid MessageId { get; init; }
    public required long ConversationId { get; init; }

    /// <summary>Dense from 1 in its conversation; the order all participants share.</summary>
    public required long ConversationSeq { get; init; }

    public required ClientId ClientId { get; init; }
    public required long AuthorId { get; init; }
    public required string Author { get; init; }
    public required long RecipientId { get; init; }
    public required string Recipient { get; init; }
    public MessageType Type { get; init; }

    /// <summary>UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>UTC, to the microsecond; never earlier than that of a lower <see cref="ConversationSeq"/>.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>What the author is told of it, where it has <paramref name="seq"/> in his log.</summary>
    public StoredPlace PlaceAt(long seq) => new(ClientId, MessageId, seq, ConversationId, ConversationSeq, CreatedAt);

    // i64 conversation, i64 conversation seq, 16 message id, i64 author id, i64 recipient id, str client id, str author,
    // str recipient, u8 type, i64 created at (100 ns ticks, UTC), u32 length, body
    internal void Write(WireWriter writer)
    {
        writer.Int64(ConversationId);
        writer.Int64(ConversationSeq);
        writer.Uuid(MessageId);
        writer.Int64(AuthorId);
        writer.Int64(RecipientId);
        writer.ClientId(ClientId);
        writer.ShortText(Author);
        writer.ShortText(Recipient);
        writer.Byte((byte)Type);
        writer.Int64(CreatedAt.Ticks);
        writer.Bytes(Body.Span);
    }

    internal static MessageRecord? Read(ref WireReader reader)
    {
        var conversationId = reader.Int64();
        var conversationSeq = reader.Int64();
        var messageId = reader.Uuid();
        var authorId = reader.Int64();
        var recipientId = reader.Int64();
        var named = ClientId.TryParse(reader.ShortBytes(), out var clientId);
        var author = reader.ShortText();
        var recipient = reader.ShortText();
        var type = (MessageType)reader.Byte();
        var ticks = reader.Int64();
        var body = reader.Bytes();
        if (reader.Failed || !named || ticks < 0 || ticks > DateTime.MaxValue.Ticks)
            return null;

        return new MessageRecord
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
    }
}
