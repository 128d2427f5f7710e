using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// What a v1 client sends. Fields may come in any order, unknown ones are ignored; <c>author</c> may be missing.
/// <code>
/// {"author":"bob","recipient":"alice","message":"hello"}
/// </code>
/// </summary>
/// <param name="Author">Whom the client takes itself for; the author of a message is always the authenticated user.</param>
/// <param name="Recipient">As the client wrote it, not yet looked up.</param>
/// <param name="Message">UTF-8: valid, not empty, without U+0000.</param>
public readonly record struct V1SendFrame(string? Author, string Recipient, ReadOnlyMemory<byte> Message)
{
    private const int MaxNameBytes = 255;

    /// <summary>False where the frame cannot be taken; <paramref name="faults"/> then says why, and holds nothing of the frame.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, int maxMessageBytes, out V1SendFrame frame, out FieldFaults faults)
    {
        frame = default;
        faults = new FieldFaults();
        try
        {
            var fields = ReadFields(utf8, maxMessageBytes, faults);
            if (!fields.Recipient.IsGiven)
                faults.Add("recipient", FieldFaults.Required);
            if (!fields.Message.IsGiven)
                faults.Add("message", FieldFaults.Required);
            if (faults.Any)
                return false;

            frame = new V1SendFrame(fields.Author.AsText(), fields.Recipient.AsText()!, fields.Message.Utf8);
            return true;
        }
        catch (JsonException)
        {
            faults = FieldFaults.Of("error", FieldFaults.NotAnObject);
            return false;
        }
    }

    private static (TextField Author, TextField Recipient, TextField Message) ReadFields(
        ReadOnlySpan<byte> utf8, int maxMessageBytes, FieldFaults faults)
    {
        TextField author = default, recipient = default, message = default;
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (fields.IsNamed("author"u8))
                author.Read(ref fields.Json, "author", MaxNameBytes, faults);
            else if (fields.IsNamed("recipient"u8))
                recipient.Read(ref fields.Json, "recipient", MaxNameBytes, faults);
            else if (fields.IsNamed("message"u8))
                message.Read(ref fields.Json, "message", maxMessageBytes, faults);
            else
                fields.Json.Skip();
        }

        return (author, recipient, message);
    }
}
