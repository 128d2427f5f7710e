namespace Chatable.Messaging.Wire.V2;

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
