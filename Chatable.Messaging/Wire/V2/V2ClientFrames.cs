using System.Text;
using System.Text.Json;

namespace Chatable.Messaging.Wire.V2;

/// <summary>
/// Reads the frames of a v2 client. Fields may come in any order. Unknown fields are ignored, and so is a <c>device</c> that is not a valid
/// name.
/// <code>
/// {"type":"hello","since":123,"epoch":"6f1c…","device":"phone"}       since: null or missing for "from now on"
/// {"type":"send","client_id":"c1","recipient":"alice","message":"hello","message_type":0}       message_type: 0 where missing
///                                                                     author may be there: it must be the user's own
/// {"type":"ping"}   {"type":"pong"}
/// </code>
/// </summary>
public static class V2ClientFrames
{
    /// <summary>Never throws. An invalid frame has a <see cref="V2ClientFrame.Faulty"/>.</summary>
    public static V2ClientFrame Read(ReadOnlySpan<byte> utf8, int maxMessageBytes)
    {
        var fields = new Fields(maxMessageBytes);
        try
        {
            fields.Read(utf8);
        }
        catch (JsonException)
        {
            return Faulty(
                V2FrameType.Unknown, V2Fault.Invalid, IdOf(fields), FieldFaults.Of("error", FieldFaults.NotAnObject));
        }

        return ToFrame(fields);
    }

    // The answer names the message even if other fields are invalid.
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

    // The device only says which connections belong together, so an invalid one does not reject the client.
    private static string? DeviceOf(in TextField device) => device.Fault is null ? device.AsName() : null;

    private static Guid? EpochOf(in TextField epoch) =>
        !epoch.IsGiven ? null
        : Guid.TryParseExact(Encoding.UTF8.GetString(epoch.Utf8), "D", out var known) ? known
        : Guid.Empty;

    private static V2ClientFrame ToSend(in Fields fields, ClientId? clientId, FieldFaults faults)
    {
        faults.AddRequired("client_id", fields.ClientId);
        fields.Message.AddFaults(faults, visible: true);
        faults.Add("message_type", fields.MessageType.Fault);
        faults.Add("client_id", clientId is null ? FieldFaults.NotAllowed : null);
        if (faults.Any)
            return Faulty(V2FrameType.Send, KindOf(faults), clientId, faults);
        return new V2ClientFrame(V2FrameType.Send)
        {
            Send = new V2Send(
                clientId!.Value, fields.Message.Recipient.AsName()!, fields.Message.Message.Utf8.ToArray(),
                (MessageType)(fields.MessageType.Value ?? 0), fields.Message.Author.AsName()),
        };
    }

    private static V2Fault KindOf(FieldFaults faults) =>
        faults.IsOnly("message", FieldFaults.TooLong) ? V2Fault.TooLarge
        : faults.IsOnly("message", FieldFaults.Empty) ? V2Fault.Empty
        : V2Fault.Invalid;

    // Holds the fields of all frame types, because the type may come last. Faults in fields that the frame's type does not have are
    // ignored.
    private ref struct Fields(int maxMessageBytes)
    {
        public TextField Type, ClientId, Epoch, Device;
        public IntegerField MessageType, Since;
        public MessageFields Message = new(maxMessageBytes);

        // Values read before an exception are kept.
        public void Read(ReadOnlySpan<byte> utf8)
        {
            var fields = new ObjectReader(utf8);
            while (fields.NextField())
            {
                if (fields.IsNamed("type"u8))
                    Type.Read(ref fields.Json, MessageFields.MaxNameBytes);
                else if (fields.IsNamed("client_id"u8))
                    ClientId.Read(ref fields.Json, Messaging.ClientId.MaxLength);
                else if (Message.TryRead(ref fields))
                    continue;
                else if (fields.IsNamed("message_type"u8))
                    MessageType.Read(ref fields.Json, (long)Wire.MessageType.Text, (long)Wire.MessageType.Photo);
                else if (fields.IsNamed("since"u8))
                    Since.Read(ref fields.Json, least: 0, most: long.MaxValue);
                else if (fields.IsNamed("epoch"u8))
                    Epoch.Read(ref fields.Json, MessageFields.MaxNameBytes);
                else if (fields.IsNamed("device"u8))
                    Device.Read(ref fields.Json, MessageFields.MaxNameBytes);
                else
                    fields.Json.Skip();
            }
        }
    }
}

/// <summary>A frame from a v2 client, read by <see cref="V2ClientFrames"/>. A struct, because every message creates one.</summary>
/// <param name="Type">The frame's type, if it is one that clients may send.</param>
public readonly record struct V2ClientFrame(V2FrameType Type)
{
    /// <summary>Why the frame is rejected, or null.</summary>
    public V2FaultyFrame? Faulty { get; init; }

    /// <summary>The content of a valid <see cref="V2FrameType.Hello"/>.</summary>
    public V2Hello Hello { get; init; }

    /// <summary>The content of a valid <see cref="V2FrameType.Send"/>.</summary>
    public V2Send Send { get; init; }
}

/// <summary>The first frame of a connection.</summary>
/// <param name="Since">The last seq the client has stored; null for "from now on".</param>
/// <param name="Epoch">The epoch of <paramref name="Since"/>; <see cref="Guid.Empty"/> for one that no server ever issued.</param>
/// <param name="Device">The client's name for its device. Null if the client gives none, or one that cannot be read.</param>
public readonly record struct V2Hello(long? Since, Guid? Epoch, string? Device = null);

/// <summary>A message to be stored.</summary>
/// <param name="ClientId">Chosen by the client before its first attempt.</param>
/// <param name="Recipient">The name as the client wrote it, not yet resolved.</param>
/// <param name="Message">UTF-8: valid, with visible text, without U+0000.</param>
/// <param name="Type">The kind of content.</param>
/// <param name="Author">The user that the client claims to be. The author of a message is always the authenticated user.</param>
public readonly record struct V2Send(
    ClientId ClientId, string Recipient, ReadOnlyMemory<byte> Message, MessageType Type, string? Author);

/// <summary>A frame that is rejected.</summary>
/// <param name="Fault">The kind of fault.</param>
/// <param name="ClientId">The message's client id, if it could be read.</param>
/// <param name="Faults">The fault of each invalid field. Quotes nothing from the frame.</param>
public sealed record V2FaultyFrame(V2Fault Fault, ClientId? ClientId, FieldFaults Faults);

public enum V2Fault
{
    /// <summary>Not JSON, or a field is missing or wrong.</summary>
    Invalid,

    /// <summary>The only fault is that the message is too long.</summary>
    TooLarge,

    /// <summary>The only fault is that the message has no visible text.</summary>
    Empty,

    /// <summary>The protocol has no frame of this type.</summary>
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
