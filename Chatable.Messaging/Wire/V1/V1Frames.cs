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
    /// <summary>
    /// Encodes a message as its recipient receives it. Returns false for every other entry: protocol v1 knows direct messages only.
    /// </summary>
    public static bool TryMessage(in LogEntry entry, string recipient, out PooledBytes frame)
    {
        frame = default;
        if (entry.Type != MessageEntry.Type)
            return false;
        var text = CompactJson.ToObject(entry.Fields.Span);
        Range author = default, message = default, type = default, createdAt = default;
        var isForRecipient = false;
        var fields = new ObjectReader(text);
        while (fields.NextField())
        {
            if (fields.IsNamed("author"u8))
                author = ValueOf(ref fields);
            else if (fields.IsNamed("recipient"u8))
                isForRecipient = fields.Json.Read() && fields.Json.ValueTextEquals(recipient);
            else if (fields.IsNamed("message"u8))
                message = ValueOf(ref fields);
            else if (fields.IsNamed("message_type"u8))
                type = ValueOf(ref fields);
            else if (fields.IsNamed("created_at"u8))
                createdAt = ValueOf(ref fields);
            else
                fields.Json.Skip();
        }

        if (!isForRecipient)
            return false;
        frame = Write(text.AsSpan(author), recipient, text.AsSpan(message), text.AsSpan(type), text.AsSpan(createdAt));
        return true;
    }

    // The values are JSON already.
    private static PooledBytes Write(
        ReadOnlySpan<byte> author, string recipient, ReadOnlySpan<byte> message, ReadOnlySpan<byte> type, ReadOnlySpan<byte> createdAt)
    {
        var scratch = PooledJsonWriter.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WritePropertyName("author"u8);
        json.WriteRawValue(author, skipInputValidation: true);
        json.WriteString("recipient"u8, recipient);
        json.WritePropertyName("message"u8);
        json.WriteRawValue(message, skipInputValidation: true);
        json.WritePropertyName("message_type"u8);
        json.WriteRawValue(type, skipInputValidation: true);
        json.WritePropertyName("created_at"u8);
        json.WriteRawValue(createdAt, skipInputValidation: true);
        json.WriteEndObject();
        return scratch.FinishPooled();
    }

    private static Range ValueOf(ref ObjectReader fields)
    {
        fields.Json.Read();
        return (int)fields.Json.TokenStartIndex..(int)fields.Json.BytesConsumed;
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
