using System.Text.Json;

namespace Chatable.Messaging.Wire.V1;

/// <summary>
/// The frame that a v1 client sends. Fields may come in any order, and unknown ones are ignored. <c>author</c> is optional.
/// <code>
/// {"author":"bob","recipient":"alice","message":"hello"}
/// </code>
/// </summary>
/// <param name="Author">The user that the client claims to be. The author of a message is always the authenticated user.</param>
/// <param name="Recipient">The name as the client wrote it, not yet resolved.</param>
/// <param name="Message">UTF-8: valid, not empty, without U+0000.</param>
public readonly record struct V1SendFrame(string? Author, string Recipient, ReadOnlyMemory<byte> Message)
{
    /// <summary>
    /// Returns false if the frame is invalid. <paramref name="faults"/> then says why, and quotes nothing from the frame.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, int maxMessageBytes, out V1SendFrame frame, out FieldFaults faults)
    {
        frame = default;
        faults = new FieldFaults();
        try
        {
            return TryReadFields(utf8, maxMessageBytes, faults, out frame);
        }
        catch (JsonException)
        {
            faults = FieldFaults.Of("error", FieldFaults.NotAnObject);
            return false;
        }
    }

    private static bool TryReadFields(ReadOnlySpan<byte> utf8, int maxMessageBytes, FieldFaults faults, out V1SendFrame frame)
    {
        var message = new MessageFields(maxMessageBytes);
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (!message.TryRead(ref fields))
                fields.Json.Skip();
        }

        message.AddFaults(faults, visible: false);
        frame = faults.Any
            ? default
            : new V1SendFrame(message.Author.AsName(), message.Recipient.AsName()!, message.Message.Utf8.ToArray());
        return !faults.Any;
    }
}
