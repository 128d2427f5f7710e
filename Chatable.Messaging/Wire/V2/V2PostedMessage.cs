using System.Text.Json;

namespace Chatable.Messaging.Wire.V2;

/// <summary>
/// The body that a v2 client posts over REST. Fields may come in any order, and unknown ones are ignored. <c>message_type</c> and
/// <c>author</c> are optional.
/// <code>
/// {"recipient":"alice","message":"hello","message_type":0}
/// </code>
/// </summary>
/// <param name="Recipient">The name as the client wrote it, not yet resolved.</param>
/// <param name="Message">UTF-8: valid, with visible text, without U+0000.</param>
/// <param name="Type">The kind of content.</param>
/// <param name="Author">The user that the client claims to be. The author of a message is always the authenticated user.</param>
public readonly record struct V2PostedMessage(string Recipient, ReadOnlyMemory<byte> Message, MessageType Type, string? Author)
{
    /// <summary>
    /// Adds the reasons why the body is invalid to <paramref name="faults"/>, by field. Adds nothing if the body is valid.
    /// </summary>
    public static V2PostedMessage Read(ReadOnlySpan<byte> utf8, int maxMessageBytes, FieldFaults faults)
    {
        // Skipped fields must be valid UTF-8 too.
        if (!System.Text.Unicode.Utf8.IsValid(utf8))
        {
            faults.Add("body", FieldFaults.NotUtf8);
            return default;
        }

        try
        {
            return ReadFields(utf8, maxMessageBytes, faults);
        }
        catch (JsonException)
        {
            faults.Add("body", $"is {FieldFaults.NotAnObject}");
            return default;
        }
    }

    private static V2PostedMessage ReadFields(ReadOnlySpan<byte> utf8, int maxMessageBytes, FieldFaults faults)
    {
        var message = new MessageFields(maxMessageBytes);
        IntegerField type = default;
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (fields.IsNamed("message_type"u8))
                type.Read(ref fields.Json, (long)MessageType.Text, (long)MessageType.Photo);
            else if (!message.TryRead(ref fields))
                fields.Json.Skip();
        }

        message.AddFaults(faults, visible: true);
        faults.Add("message_type", type.Fault);
        return faults.Any
            ? default
            : new V2PostedMessage(
                message.Recipient.AsName()!, message.Message.Utf8.ToArray(), (MessageType)(type.Value ?? 0), message.Author.AsName());
    }
}
