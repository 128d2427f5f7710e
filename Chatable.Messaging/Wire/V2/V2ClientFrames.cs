using System.Text;
using System.Text.Json;

namespace Chatable.Messaging.Wire.V2;

/// <summary>
/// Reads what a v2 client sends. Fields may come in any order; unknown ones are ignored, and so is a <c>device</c> that is no name.
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

    /// <summary>Never fails: what cannot be taken has a <see cref="V2ClientFrame.Faulty"/>.</summary>
    public static V2ClientFrame Read(ReadOnlySpan<byte> utf8, int maxMessageBytes)
    {
        var fields = default(Fields);
        try
        {
            fields.Read(utf8, maxMessageBytes);
        }
        catch (JsonException)
        {
            return Faulty(
                V2FrameType.Unknown, V2Fault.Invalid, IdOf(fields), FieldFaults.Of("error", FieldFaults.NotAnObject));
        }

        return ToFrame(fields);
    }

    // Whatever is wrong with the rest, the answer is to name the message.
    private static V2ClientFrame ToFrame(in Fields fields)
    {
        var clientId = IdOf(fields);
        var faults = new FieldFaults();
        faults.AddRequired("type", fields.Type);
        if (faults.Any)
            return Faulty(V2FrameType.Unknown, V2Fault.Invalid, clientId, faults);
        if (fields.Type.Utf8.SequenceEqual("send"u8))
            return ToSend(fields, clientId, faults);
        if (fields.Type.Utf8.SequenceEqual("hello"u8))
            return ToHello(fields, faults);
        if (fields.Type.Utf8.SequenceEqual("ping"u8))
            return new V2ClientFrame(V2FrameType.Ping);
        if (fields.Type.Utf8.SequenceEqual("pong"u8))
            return new V2ClientFrame(V2FrameType.Pong);
        return Faulty(V2FrameType.Unknown, V2Fault.Unsupported, clientId, FieldFaults.Of("type", FieldFaults.NotKnown));
    }

    private static ClientId? IdOf(in Fields fields) =>
        fields.ClientId.Fault is null && ClientId.TryParse(fields.ClientId.Utf8, out var id) ? id : null;

    private static V2ClientFrame Faulty(V2FrameType type, V2Fault fault, ClientId? clientId, FieldFaults faults) =>
        new(type) { Faulty = new V2FaultyFrame(fault, clientId, faults) };

    private static V2ClientFrame ToHello(in Fields fields, FieldFaults faults)
    {
        faults.Add("since", fields.Since.Fault);
        faults.Add("epoch", fields.Epoch.Fault);
        if (faults.Any)
            return Faulty(V2FrameType.Hello, V2Fault.Invalid, clientId: null, faults);
        return new V2ClientFrame(V2FrameType.Hello)
        {
            Hello = new V2Hello(fields.Since.Value, EpochOf(fields.Epoch), DeviceOf(fields.Device)),
        };
    }

    // It only says which connections belong together, so that nobody is turned away for it.
    private static string? DeviceOf(in TextField device) => device.Fault is null ? device.AsName() : null;

    private static Guid? EpochOf(in TextField epoch) =>
        !epoch.IsGiven ? null
        : Guid.TryParseExact(Encoding.UTF8.GetString(epoch.Utf8), "D", out var known) ? known
        : Guid.Empty;

    private static V2ClientFrame ToSend(in Fields fields, ClientId? clientId, FieldFaults faults)
    {
        faults.AddRequired("client_id", fields.ClientId);
        faults.Add("author", fields.Author.Fault);
        faults.AddRequired("recipient", fields.Recipient);
        faults.AddVisible("message", fields.Message);
        faults.Add("message_type", fields.MessageType.Fault);
        faults.Add("client_id", clientId is null ? FieldFaults.NotAllowed : null);
        if (faults.Any)
            return Faulty(V2FrameType.Send, KindOf(faults), clientId, faults);
        return new V2ClientFrame(V2FrameType.Send)
        {
            Send = new V2Send(
                clientId!.Value, fields.Recipient.AsName()!, fields.Message.Utf8.ToArray(), (MessageType)(fields.MessageType.Value ?? 0),
                fields.Author.AsName()),
        };
    }

    private static V2Fault KindOf(FieldFaults faults) =>
        faults.IsOnly("message", FieldFaults.TooLong) ? V2Fault.TooLarge
        : faults.IsOnly("message", FieldFaults.Empty) ? V2Fault.Empty
        : V2Fault.Invalid;

    // Of frames of every type, for the type may stand last: faults of fields its type does not have are none.
    private ref struct Fields
    {
        public TextField Type, ClientId, Author, Recipient, Message, Epoch, Device;
        public IntegerField MessageType, Since;

        // What was read before an exception stays.
        public void Read(ReadOnlySpan<byte> utf8, int maxMessageBytes)
        {
            var fields = new ObjectReader(utf8);
            while (fields.NextField())
            {
                if (fields.IsNamed("type"u8))
                    Type.Read(ref fields.Json, MaxNameBytes);
                else if (fields.IsNamed("client_id"u8))
                    ClientId.Read(ref fields.Json, Messaging.ClientId.MaxLength);
                else if (fields.IsNamed("recipient"u8))
                    Recipient.Read(ref fields.Json, MaxNameBytes);
                else if (fields.IsNamed("message"u8))
                    Message.Read(ref fields.Json, maxMessageBytes);
                else if (fields.IsNamed("message_type"u8))
                    MessageType.Read(ref fields.Json, (long)Wire.MessageType.Text, (long)Wire.MessageType.Photo);
                else if (fields.IsNamed("author"u8))
                    Author.Read(ref fields.Json, MaxNameBytes);
                else if (fields.IsNamed("since"u8))
                    Since.Read(ref fields.Json, least: 0, most: long.MaxValue);
                else if (fields.IsNamed("epoch"u8))
                    Epoch.Read(ref fields.Json, MaxNameBytes);
                else if (fields.IsNamed("device"u8))
                    Device.Read(ref fields.Json, MaxNameBytes);
                else
                    fields.Json.Skip();
            }
        }
    }
}
