using System.Text.Json;
using Chatable.Messaging.Wire.V2;

namespace Chatable.Messaging.Wire;

/// <summary>Turns a stored message into the entry that logs carry, and reads its place back.</summary>
public static class MessageEntry
{
    public const string Type = "message";

    public static LogEntry Of(in MessageRecord message)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        WritePlace(json, message.MessageId, message.ConversationId, message.ConversationSeq, message.CreatedAt);
        var ackLength = (int)(json.BytesCommitted + json.BytesPending) - 1;
        json.WriteString("author"u8, message.Author);
        json.WriteString("recipient"u8, message.Recipient);
        json.WritePropertyName("message"u8);
        JsonText.WriteValue(json, message.Body.Span);
        json.WriteNumber("message_type"u8, (int)message.Type);
        return new LogEntry
        {
            Type = Type,
            Fields = scratch.Finish(skip: 1),
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
        scratch.Json.WriteStartObject();
        WritePlace(scratch.Json, messageId, conversation, conversationSeq, createdAt);
        return scratch.Finish(skip: 1);
    }

    /// <summary>Reads what <see cref="AckFields"/> writes.</summary>
    public static StoredPlace PlaceOf(ClientId clientId, ReadOnlySpan<byte> ackFields, long seq)
    {
        var place = new StoredPlace(clientId, Guid.Empty, seq, 0, 0, default);
        byte[] text = [(byte)'{', .. ackFields, (byte)'}'];
        var fields = new ObjectReader(text);
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

    private static void WritePlace(Utf8JsonWriter json, Guid messageId, long conversation, long conversationSeq, DateTime createdAt)
    {
        json.WriteString("message_id"u8, messageId);
        json.WriteNumber("conversation"u8, conversation);
        json.WriteNumber("conversation_seq"u8, conversationSeq);
        json.WriteTimestamp("created_at"u8, createdAt);
    }
}
