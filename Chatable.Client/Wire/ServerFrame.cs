namespace Chatable.Client.Wire;

/// <summary>What a server sends, read and found whole.</summary>
internal abstract record ServerFrame;

internal sealed record WelcomeFrame(Guid Epoch, long Head, TimeSpan Heartbeat, int MaxFrameBytes, int Window) : ServerFrame;

internal sealed record MessageFrame(ChatMessage Message) : ServerFrame;

internal sealed record AckFrame(SentMessage Sent, bool IsDuplicate) : ServerFrame;

internal sealed record CaughtUpFrame(long Seq) : ServerFrame;

internal sealed record ResetFrame(ChatCursor To) : ServerFrame;

/// <summary>The log goes on in this epoch, and up to that place it is the same as before.</summary>
internal sealed record EpochFrame(ChatCursor Shared) : ServerFrame;

internal sealed record ErrorFrame(string? ClientId, string Code, string Message, bool IsRetryable, TimeSpan? RetryAfter) : ServerFrame;

internal sealed record PingFrame : ServerFrame;

internal sealed record PongFrame : ServerFrame;

internal sealed record DrainingFrame(TimeSpan Within) : ServerFrame;

/// <summary>A type that this version does not know: what came after it, and may be ignored.</summary>
/// <param name="Seq">The place in the log, where it has one.</param>
internal sealed record UnknownFrame(long? Seq) : ServerFrame;
