namespace Chatable.Messaging.Wire;

/// <summary>What a v2 client sends, as <see cref="V2ClientFrames"/> reads it.</summary>
public abstract record V2ClientFrame;

/// <summary>The first frame of a connection.</summary>
/// <param name="Since">The last seq the client has stored; null for "from now on".</param>
/// <param name="Epoch">The epoch that seq belongs to; <see cref="Guid.Empty"/> for one that no server ever gave out.</param>
public sealed record V2Hello(long? Since, Guid? Epoch) : V2ClientFrame;

/// <summary>A message to be stored.</summary>
/// <param name="ClientId">Chosen by the client before its first attempt.</param>
/// <param name="Recipient">As the client wrote it, not yet looked up.</param>
/// <param name="Message">UTF-8: valid, not empty, without U+0000.</param>
/// <param name="Type">What the message holds.</param>
/// <param name="Author">Whom the client takes itself for; the author of a message is always the authenticated user.</param>
public sealed record V2Send(ClientId ClientId, string Recipient, ReadOnlyMemory<byte> Message, MessageType Type, string? Author)
    : V2ClientFrame;

public sealed record V2Ping : V2ClientFrame;

public sealed record V2Pong : V2ClientFrame;

/// <summary>A frame that cannot be taken.</summary>
/// <param name="Fault">Which kind of fault it has.</param>
/// <param name="Of">The type the frame gives itself, where it is one the client may send.</param>
/// <param name="ClientId">As far as it could be read.</param>
/// <param name="Faults">What is wrong with which field; it holds nothing of the frame.</param>
public sealed record V2FaultyFrame(V2Fault Fault, V2FrameType Of, ClientId? ClientId, FieldFaults Faults) : V2ClientFrame;

public enum V2Fault
{
    /// <summary>Not JSON, or a field is missing or wrong.</summary>
    Invalid,

    /// <summary>Nothing is wrong but the length of the message.</summary>
    TooLarge,

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
