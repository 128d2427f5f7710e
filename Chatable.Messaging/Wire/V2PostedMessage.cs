using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// What a v2 client posts over REST. Fields may come in any order, unknown ones are ignored; <c>message_type</c> may be missing.
/// <code>
/// {"recipient":"alice","message":"hello","message_type":0}
/// </code>
/// </summary>
/// <param name="Recipient">As the client wrote it, not yet looked up.</param>
/// <param name="Message">UTF-8: valid, not empty, without U+0000.</param>
/// <param name="Type">What the message holds.</param>
public readonly record struct V2PostedMessage(string Recipient, ReadOnlyMemory<byte> Message, MessageType Type)
{
    private const int MaxDepth = 8;
    private const int MaxNameBytes = 255;
    private const string NotAType = "is not 0 (text) or 1 (photo)";

    private static readonly JsonReaderOptions s_json = new() { MaxDepth = MaxDepth };

    /// <summary>False where the body cannot be taken; <paramref name="faults"/> then says why, and holds nothing of the body.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, int maxMessageBytes, out V2PostedMessage posted, out FieldFaults faults)
    {
        posted = default;
        faults = new FieldFaults();
        try
        {
            var (recipient, message, type) = ReadFields(utf8, maxMessageBytes, faults);
            if (!recipient.IsGiven)
                faults.Add("recipient", FieldFaults.Required);
            if (!message.IsGiven)
                faults.Add("message", FieldFaults.Required);
            if (faults.Any)
                return false;

            posted = new V2PostedMessage(recipient.AsText()!, message.Utf8, type);
            return true;
        }
        catch (JsonException)
        {
            faults = FieldFaults.Of("body", "is not a JSON object");
            return false;
        }
    }

    private static (TextField Recipient, TextField Message, MessageType Type) ReadFields(
        ReadOnlySpan<byte> utf8, int maxMessageBytes, FieldFaults faults)
    {
        TextField recipient = default, message = default;
        MessageType? type = null;
        var reader = new Utf8JsonReader(utf8, s_json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException();

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsNamed(ref reader, "recipient"u8))
                recipient.Read(ref reader, "recipient", MaxNameBytes, faults);
            else if (IsNamed(ref reader, "message"u8))
                message.Read(ref reader, "message", maxMessageBytes, faults);
            else if (IsNamed(ref reader, "message_type"u8))
                type = ReadType(ref reader, isRepeated: type is not null, faults);
            else
                reader.Skip();
        }

        // Reading on past the object's end finds anything that follows it.
        if (reader.Read())
            throw new JsonException();
        return (recipient, message, type ?? MessageType.Text);
    }

    private static MessageType ReadType(ref Utf8JsonReader reader, bool isRepeated, FieldFaults faults)
    {
        reader.Read();
        if (isRepeated)
            faults.Add("message_type", FieldFaults.Repeated);
        if (reader.TokenType == JsonTokenType.Null)
            return MessageType.Text;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number is (0 or 1))
            return (MessageType)number;

        faults.Add("message_type", NotAType);
        reader.Skip();
        return MessageType.Text;
    }

    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair is none of ours.
            return false;
        }
    }
}
