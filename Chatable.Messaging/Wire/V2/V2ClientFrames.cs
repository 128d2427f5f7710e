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

/// <summary>What a v2 client sends, as <see cref="V2ClientFrames"/> reads it: a value, for there is one for each message.</summary>
/// <param name="Type">The type the frame gives itself, where it is one the client may send.</param>
public readonly record struct V2ClientFrame(V2FrameType Type)
{
    /// <summary>Why it cannot be taken, or null.</summary>
    public V2FaultyFrame? Faulty { get; init; }

    /// <summary>Of a <see cref="V2FrameType.Hello"/> without a fault.</summary>
    public V2Hello Hello { get; init; }

    /// <summary>Of a <see cref="V2FrameType.Send"/> without a fault.</summary>
    public V2Send Send { get; init; }
}

/// <summary>The first frame of a connection.</summary>
/// <param name="Since">The last seq the client has stored; null for "from now on".</param>
/// <param name="Epoch">The epoch that seq belongs to; <see cref="Guid.Empty"/> for one that no server ever gave out.</param>
/// <param name="Device">What the client calls the device it is on; null where it does not, or calls it what cannot be read.</param>
public readonly record struct V2Hello(long? Since, Guid? Epoch, string? Device = null);

/// <summary>A message to be stored.</summary>
/// <param name="ClientId">Chosen by the client before its first attempt.</param>
/// <param name="Recipient">As the client wrote it, not yet looked up.</param>
/// <param name="Message">UTF-8: valid, with something to see, without U+0000.</param>
/// <param name="Type">What the message holds.</param>
/// <param name="Author">Whom the client takes itself for; the author of a message is always the authenticated user.</param>
public readonly record struct V2Send(
    ClientId ClientId, string Recipient, ReadOnlyMemory<byte> Message, MessageType Type, string? Author);

/// <summary>A frame that cannot be taken.</summary>
/// <param name="Fault">Which kind of fault it has.</param>
/// <param name="ClientId">As far as it could be read.</param>
/// <param name="Faults">What is wrong with which field; it holds nothing of the frame.</param>
public sealed record V2FaultyFrame(V2Fault Fault, ClientId? ClientId, FieldFaults Faults);

public enum V2Fault
{
    /// <summary>Not JSON, or a field is missing or wrong.</summary>
    Invalid,

    /// <summary>Nothing is wrong but the length of the message.</summary>
    TooLarge,

    /// <summary>Nothing is wrong but that the message shows nothing.</summary>
    Empty,

    /// <summary>No frame of this protocol has such a type.</summary>
    Unsupported,
}

public enum V2FrameType
{
    Unknown,
    Hello,
    Send,
    Ping,
    Pong,
}
