using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Reads what a v2 client sends. Fields may come in any order; unknown ones are ignored, and so is <c>device</c> until
/// something is made of it.
/// <code>
/// {"type":"hello","since":123,"epoch":"6f1c…","device":"phone"}       since: null or missing for "from now on"
/// {"type":"send","client_id":"c1","recipient":"alice","message":"hello","message_type":0}       message_type: 0 where missing
///                                                                     author may be there: it must be the user's own
/// {"type":"ping"}   {"type":"pong"}
/// </code>
/// </summary>
public static class V2ClientFrames
{
    private const int MaxNameBytes = 255;

    /// <summary>Never fails: what cannot be taken is a <see cref="V2FaultyFrame"/>.</summary>
    public static V2ClientFrame Read(ReadOnlySpan<byte> utf8, int maxMessageBytes)
    {
        try
        {
            var faults = new FieldFaults();
            var (type, clientId) = ReadOutline(utf8, faults);
            return type switch
            {
                _ when faults.Any => new V2FaultyFrame(V2Fault.Invalid, V2FrameType.Unknown, clientId, faults),
                "hello" => ReadHello(utf8, faults),
                "send" => ReadSend(utf8, maxMessageBytes, clientId, faults),
                "ping" => new V2Ping(),
                "pong" => new V2Pong(),
                _ => new V2FaultyFrame(V2Fault.Unsupported, V2FrameType.Unknown, clientId, FieldFaults.Of("type", FieldFaults.NotKnown)),
            };
        }
        catch (JsonException)
        {
            return new V2FaultyFrame(
                V2Fault.Invalid, V2FrameType.Unknown, ClientId: null, FieldFaults.Of("error", FieldFaults.NotAnObject));
        }
    }

    // The type may stand last, and whatever is wrong with the rest, the answer is to name the message: hence a pass for these two.
    private static (string? Type, ClientId? ClientId) ReadOutline(ReadOnlySpan<byte> utf8, FieldFaults faults)
    {
        TextField type = default, clientId = default;
        var ofTheFrame = new FieldFaults();
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (fields.IsNamed("type"u8))
                type.Read(ref fields.Json, "type", MaxNameBytes, faults);
            else if (fields.IsNamed("client_id"u8))
                clientId.Read(ref fields.Json, "client_id", ClientId.MaxLength, ofTheFrame);
            else
                fields.Json.Skip();
        }

        if (!type.IsGiven)
            faults.Add("type", FieldFaults.Required);
        return (faults.Any ? null : type.AsText(), !ofTheFrame.Any && ClientId.TryParse(clientId.AsText(), out var id) ? id : null);
    }

    private static V2ClientFrame ReadHello(ReadOnlySpan<byte> utf8, FieldFaults faults)
    {
        IntegerField since = default;
        TextField epoch = default;
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (fields.IsNamed("since"u8))
                since.Read(ref fields.Json, "since", least: 0, most: long.MaxValue, faults);
            else if (fields.IsNamed("epoch"u8))
                epoch.Read(ref fields.Json, "epoch", MaxNameBytes, faults);
            else
                fields.Json.Skip();
        }

        if (faults.Any)
            return new V2FaultyFrame(V2Fault.Invalid, V2FrameType.Hello, ClientId: null, faults);
        return new V2Hello(since.Value, epoch.IsGiven ? Guid.TryParseExact(epoch.AsText(), "D", out var known) ? known : Guid.Empty : null);
    }

    private static V2ClientFrame ReadSend(ReadOnlySpan<byte> utf8, int maxMessageBytes, ClientId? clientId, FieldFaults faults)
    {
        TextField name = default, author = default, recipient = default, message = default;
        IntegerField type = default;
        var fields = new ObjectReader(utf8);
        while (fields.NextField())
        {
            if (fields.IsNamed("client_id"u8))
                name.Read(ref fields.Json, "client_id", ClientId.MaxLength, faults);
            else if (fields.IsNamed("author"u8))
                author.Read(ref fields.Json, "author", MaxNameBytes, faults);
            else if (fields.IsNamed("recipient"u8))
                recipient.Read(ref fields.Json, "recipient", MaxNameBytes, faults);
            else if (fields.IsNamed("message"u8))
                message.Read(ref fields.Json, "message", maxMessageBytes, faults);
            else if (fields.IsNamed("message_type"u8))
                type.Read(ref fields.Json, "message_type", (long)MessageType.Text, (long)MessageType.Photo, faults);
            else
                fields.Json.Skip();
        }

        Require(name, "client_id", faults);
        Require(recipient, "recipient", faults);
        Require(message, "message", faults);
        if (clientId is null)
            faults.Add("client_id", FieldFaults.NotAllowed);
        if (faults.Any)
            return new V2FaultyFrame(KindOf(faults), V2FrameType.Send, clientId, faults);
        return new V2Send(
            clientId!.Value, recipient.AsText()!, message.Utf8, (MessageType)(type.Value ?? 0), author.AsText());
    }

    private static void Require(TextField field, string name, FieldFaults faults)
    {
        if (!field.IsGiven)
            faults.Add(name, FieldFaults.Required);
    }

    private static V2Fault KindOf(FieldFaults faults) =>
        faults.All(fault => fault is { Key: "message", Value: FieldFaults.TooLong }) ? V2Fault.TooLarge : V2Fault.Invalid;
}
