using System.Text.Json;

namespace Chatable.Messaging.Wire.V2;

/// <summary>The place of a stored message, sent to its author once it is committed.</summary>
public readonly record struct StoredPlace(
    ClientId ClientId, Guid MessageId, long Seq, long ConversationId, long ConversationSeq, DateTime CreatedAt);

/// <summary>
/// The frames about messages that the server sends to a v2 client.
/// <code>
/// {"type":"message","seq":7,"message_id":"0191…","conversation":3,"conversation_seq":2,"author":"bob","recipient":"alice",
///  "message":"hello","message_type":0,"created_at":"2015-09-03T03:13:12.817650Z","client_id":"c1"}      client_id: to the author only
/// {"type":"ack","client_id":"c1","message_id":"0191…","seq":7,"conversation":3,"conversation_seq":2,
///  "created_at":"2015-09-03T03:13:12.817650Z","duplicate":true}                                         duplicate: only where true
/// </code>
/// </summary>
public static class V2Frames
{
    // The longest names, ids and numbers take a third of this.
    private const int MaxBytesBesideTheText = 1024;

    // A character that JSON requires to be escaped may take six bytes instead of one.
    private const int MaxEscape = 6;

    /// <summary>The largest frame for a message whose text has this many bytes.</summary>
    public static int MaxBytes(int bodyBytes) => MaxBytesBesideTheText + MaxEscape * bodyBytes;

    /// <summary>Encodes a message with its seq in one user's log. Only its author receives the client id.</summary>
    public static PooledBytes Message(in MessageRecord message, long seq, bool forAuthor)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteNumber("seq"u8, seq);
        json.WriteString("message_id"u8, message.MessageId);
        json.WriteNumber("conversation"u8, message.ConversationId);
        json.WriteNumber("conversation_seq"u8, message.ConversationSeq);
        json.WriteString("author"u8, message.Author);
        json.WriteString("recipient"u8, message.Recipient);
        json.WritePropertyName("message"u8);
        JsonText.WriteValue(json, message.Body.Span);
        json.WriteNumber("message_type"u8, (int)message.Type);
        json.WriteTimestamp("created_at"u8, message.CreatedAt);
        if (forAuthor)
            WriteClientId(json, message.ClientId);
        json.WriteEndObject();
        return scratch.FinishPooled();
    }

    public static PooledBytes Ack(in StoredPlace place, bool duplicate)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "ack"u8);
        WritePlace(json, place, duplicate);
        json.WriteEndObject();
        return scratch.FinishPooled();
    }

    /// <summary>Writes the fields of an ack into an open object. REST responses have the same fields.</summary>
    public static void WritePlace(Utf8JsonWriter json, in StoredPlace place, bool duplicate)
    {
        WriteClientId(json, place.ClientId);
        json.WriteString("message_id"u8, place.MessageId);
        json.WriteNumber("seq"u8, place.Seq);
        json.WriteNumber("conversation"u8, place.ConversationId);
        json.WriteNumber("conversation_seq"u8, place.ConversationSeq);
        json.WriteTimestamp("created_at"u8, place.CreatedAt);
        if (duplicate)
            json.WriteBoolean("duplicate"u8, value: true);
    }

    private static void WriteClientId(Utf8JsonWriter json, ClientId id)
    {
        if (id.IsUuid)
            json.WriteString("client_id"u8, id.Key);
        else
            json.WriteString("client_id"u8, id.Text);
    }
}
