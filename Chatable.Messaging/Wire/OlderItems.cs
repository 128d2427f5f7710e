namespace Chatable.Messaging.Wire;

/// <summary>
/// Items as workers of the version before write them, during an upgrade: after <c>u8 version (2)</c>, each a <c>u8 kind</c> and:
/// <code>
/// 1 stored    message · var n, n × (i64 user, i64 seq) · origin · trace
/// 2 repeated  16 message id · client id · var author id · var author seq · var conversation · var conversation seq
///             · i64 created at (100 ns ticks, UTC) · var n, n × (i64 user, i64 head) · origin
/// 3 refused   client id · u8 code · origin
/// 4 stored    of another epoch than the first: var its number · as 1
/// 5 repeated  of another epoch than the first: var its number · as 2
/// message     var conversation · var conversation seq · 16 message id · var author id · var recipient id · client id · str author
///             · str recipient · u8 type · i64 created at · var length, body
/// </code>
/// </summary>
internal static class OlderItems
{
    public const byte Version = 2;

    /// <summary>Returns null, and fails the reader, for anything else.</summary>
    public static IDispatch? Read(ref WireReader reader)
    {
        var kind = reader.Byte();
        var epoch = kind is 4 or 5 ? reader.Varint() : 0;
        IDispatch? item = kind switch
        {
            1 or 4 => ReadStored(ref reader, (int)epoch),
            2 or 5 => ReadRepeated(ref reader, (int)epoch),
            3 => new CommandRefused(reader.ShortClientId(), (RefusalCode)reader.Byte(), DispatchBatchReader.ReadOrigin(ref reader)),
            _ => null,
        };
        if (item is null || epoch is < 0 or > int.MaxValue || kind is 4 or 5 && epoch == 0)
            reader.Fail();
        return reader.Failed ? null : item;
    }

    private static EntryStored? ReadStored(ref WireReader reader, int epoch)
    {
        var conversation = reader.Varint();
        var conversationSeq = reader.Varint();
        var messageId = reader.Uuid();
        var (author, recipient) = (reader.Varint(), reader.Varint());
        var clientId = reader.ShortClientId();
        var (authorName, recipientName) = (reader.ShortText(), reader.ShortText());
        var type = (MessageType)reader.Byte();
        var createdAt = ReadTime(ref reader);
        var body = reader.Raw(reader.Length());
        var recipients = DispatchBatchReader.ReadRecipients(ref reader);
        var origin = DispatchBatchReader.ReadOrigin(ref reader);
        var trace = TraceParent.ReadShort(ref reader);
        if (reader.Failed)
            return null;
        var message = new MessageRecord
        {
            MessageId = messageId,
            ConversationId = conversation,
            ConversationSeq = conversationSeq,
            ClientId = clientId,
            AuthorId = author,
            Author = authorName,
            RecipientId = recipient,
            Recipient = recipientName,
            Type = type,
            Body = body,
            CreatedAt = createdAt,
        };
        return new EntryStored(MessageEntry.Of(message), recipients, origin, trace) { Epoch = epoch };
    }

    private static CommandRepeated? ReadRepeated(ref WireReader reader, int epoch)
    {
        var messageId = reader.Uuid();
        var clientId = reader.ShortClientId();
        _ = reader.Varint();
        var authorSeq = reader.Varint();
        var (conversation, conversationSeq) = (reader.Varint(), reader.Varint());
        var createdAt = ReadTime(ref reader);
        var heads = DispatchBatchReader.ReadRecipients(ref reader);
        var origin = DispatchBatchReader.ReadOrigin(ref reader);
        if (reader.Failed)
            return null;
        return new CommandRepeated(
            clientId, MessageEntry.AckFields(messageId, conversation, conversationSeq, createdAt), authorSeq, heads, origin)
        {
            Epoch = epoch,
        };
    }

    private static DateTime ReadTime(ref WireReader reader)
    {
        if (reader.Int64() is var ticks and >= 0 && ticks <= DateTime.MaxValue.Ticks)
            return new DateTime(ticks, DateTimeKind.Utc);
        reader.Fail();
        return default;
    }
}
