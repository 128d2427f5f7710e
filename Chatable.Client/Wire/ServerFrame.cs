namespace Chatable.Client.Wire;

/// <summary>A frame from a server, parsed and validated.</summary>
internal abstract record ServerFrame;

internal sealed record WelcomeFrame(Guid Epoch, long Head, TimeSpan Heartbeat, int MaxFrameBytes, int Window) : ServerFrame;

internal sealed record MessageFrame(ChatMessage Message) : ServerFrame;

internal sealed record AckFrame(SentMessage Sent, bool IsDuplicate) : ServerFrame;

internal sealed record CaughtUpFrame(long Seq) : ServerFrame;

internal sealed record ResetFrame(ChatCursor To) : ServerFrame;

/// <summary>The log continues in this epoch, and is unchanged up to the given seq.</summary>
internal sealed record EpochFrame(ChatCursor Shared) : ServerFrame;

internal sealed record ErrorFrame(string? ClientId, string Code, string Message, bool IsRetryable, TimeSpan? RetryAfter) : ServerFrame;

internal sealed record PingFrame : ServerFrame;

internal sealed record PongFrame : ServerFrame;

internal sealed record DrainingFrame(TimeSpan Within) : ServerFrame;

/// <summary>A frame of a type that this version does not know. It is newer than this version, and may be ignored.</summary>
/// <param name="Seq">The seq in the log, if it has one.</param>
internal sealed record UnknownFrame(long? Seq) : ServerFrame;
