namespace Chatable.Messaging.Wire.V1;

/// <summary>
/// The frames that the server sends to a v1 client: a message, or the REST error object.
/// <code>
/// {"author":"bob","recipient":"alice","message":"hello","message_type":0,"created_at":"2015-09-03T03:13:12.817650Z"}
/// {"error":{"code":400,"errors":{"recipient":"is required"},"message":"Form error"}}
/// </code>
/// </summary>
public static class V1Frames
{
    /// <summary>Encodes a message as its recipient receives it.</summary>
    public static PooledBytes Message(in MessageRecord message)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WriteString("author"u8, message.Author);
        json.WriteString("recipient"u8, message.Recipient);
        json.WritePropertyName("message"u8);
        JsonText.WriteValue(json, message.Body.Span);
        json.WriteNumber("message_type"u8, (int)message.Type);
        json.WriteTimestamp("created_at"u8, message.CreatedAt);
        json.WriteEndObject();
        return scratch.FinishPooled();
    }

    /// <summary>Encodes the REST error object. <paramref name="code"/> is an HTTP status.</summary>
    public static byte[] Error(int code, string message, FieldFaults errors)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, code);
        json.WriteStartObject("errors"u8);
        foreach (var (field, fault) in errors)
            json.WriteString(field, fault);
        json.WriteEndObject();
        json.WriteString("message"u8, message);
        json.WriteEndObject();
        json.WriteEndObject();
        return scratch.Finish();
    }
}
