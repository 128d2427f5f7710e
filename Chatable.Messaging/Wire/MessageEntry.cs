using Chatable.Messaging.Wire.V2;

namespace Chatable.Messaging.Wire;

/// <summary>Turns a stored message into the entry that logs carry, and reads its place back.</summary>
public static class MessageEntry
{
    public const string Type = "message";

    public static LogEntry Of(in MessageRecord message)
    {
        var scratch = PooledJsonWriter.Take();
        var writer = new WireWriter(scratch.Output);
        WritePlace(writer, message.MessageId, message.ConversationId, message.ConversationSeq, message.CreatedAt);
        var ackLength = scratch.Output.WrittenCount;
        writer.Write(CompactJson.Pieces.Author);
        writer.Ascii(message.Author);
        writer.Write(CompactJson.Pieces.Recipient);
        writer.Ascii(message.Recipient);
        writer.Write(CompactJson.Pieces.Message);
        JsonText.WriteValue(scratch.Json, message.Body.Span);
        scratch.Json.Flush();
        writer.Write(CompactJson.Pieces.MessageType);
        writer.Number((int)message.Type);
        return new LogEntry
        {
            Type = Type,
            Fields = scratch.Finish(),
            AckLength = ackLength,
            ActorId = message.AuthorId,
            CommandId = message.ClientId,
            Content = Fingerprint.OfCommand(message.Recipient, message.Type, message.Body.Span),
        };
    }

    /// <summary>Encodes the fields of the ack of a message that was stored earlier.</summary>
    public static byte[] AckFields(Guid messageId, long conversation, long conversationSeq, DateTime createdAt)
    {
        var scratch = PooledJsonWriter.Take();
        WritePlace(new WireWriter(scratch.Output), messageId, conversation, conversationSeq, createdAt);
        return scratch.Finish();
    }

    /// <summary>Reads what <see cref="AckFields"/> writes.</summary>
    public static StoredPlace PlaceOf(ClientId clientId, ReadOnlySpan<byte> ackFields, long seq)
    {
        var place = new StoredPlace(clientId, Guid.Empty, seq, 0, 0, default);
        var fields = new ObjectReader(CompactJson.ToObject(ackFields));
        while (fields.NextField())
        {
            if (fields.IsNamed("message_id"u8) && fields.Json.Read())
                place = place with { MessageId = fields.Json.GetGuid() };
            else if (fields.IsNamed("conversation"u8) && fields.Json.Read())
                place = place with { ConversationId = fields.Json.GetInt64() };
            else if (fields.IsNamed("conversation_seq"u8) && fields.Json.Read())
                place = place with { ConversationSeq = fields.Json.GetInt64() };
            else if (fields.IsNamed("created_at"u8) && fields.Json.Read())
                place = place with { CreatedAt = fields.Json.GetDateTime() };
            else
                fields.Json.Skip();
        }

        return place;
    }

    private static void WritePlace(WireWriter writer, Guid messageId, long conversation, long conversationSeq, DateTime createdAt)
    {
        writer.Write(CompactJson.Pieces.MessageId);
        writer.WriteUuid(messageId);
        writer.Write(CompactJson.Pieces.Conversation);
        writer.Number(conversation);
        writer.Write(CompactJson.Pieces.ConversationSeq);
        writer.Number(conversationSeq);
        writer.Write(CompactJson.Pieces.CreatedAt);
        writer.WriteTime(createdAt);
    }
}
