namespace Chatable.Client.Session;

/// <summary>An action that a session requests. Effects must be carried out in order.</summary>
internal abstract record SessionEffect;

/// <summary>Send this frame.</summary>
internal sealed record Transmit(ReadOnlyMemory<byte> Frame) : SessionEffect;

/// <summary>A server has welcomed this device.</summary>
internal sealed record Welcomed : SessionEffect;

/// <summary>The backlog is complete.</summary>
internal sealed record CaughtUp : SessionEffect;

/// <summary>Store the first cursor.</summary>
internal sealed record BeginAt(ChatCursor Cursor) : SessionEffect;

/// <summary>Store another epoch for the cursor. Acknowledged seqs of this device after that seq are void.</summary>
internal sealed record GoOn(ChatCursor Shared) : SessionEffect;

/// <summary>Pass a message to the application.</summary>
internal sealed record Surface(ChatMessage Message) : SessionEffect;

/// <summary>A seq of the log that the application need not see.</summary>
internal sealed record Pass(long Seq) : SessionEffect;

/// <summary>A message of this device is committed.</summary>
internal sealed record Settle(SentMessage Sent) : SessionEffect;

/// <summary>A message of this device is refused permanently.</summary>
internal sealed record Refuse(ChatSendException Why) : SessionEffect;

/// <summary>The log continues at another position. The application must load the messages in between.</summary>
internal sealed record StartOver(ChatReset Reset) : SessionEffect;

/// <summary>A message is sent again, because the server asked for a retry.</summary>
internal sealed record Resending(string Why) : SessionEffect;

/// <summary>End this connection and open another.</summary>
internal sealed record Leave(LeaveReason Reason) : SessionEffect;

internal enum LeaveReason
{
    /// <summary>The server was silent for too long.</summary>
    Silence,

    /// <summary>The answer to a message did not come in time.</summary>
    AckTimeout,

    /// <summary>No welcome arrived.</summary>
    NoWelcome,

    /// <summary>A frame is invalid in the protocol, or arrived out of turn.</summary>
    BadFrame,

    /// <summary>A seq of the log was skipped.</summary>
    Gap,

    /// <summary>The server announced that it is about to stop.</summary>
    Draining,

    /// <summary>There is room again for messages that were read but could not be taken. They come again.</summary>
    Behind,

    /// <summary>The log is too long to replay to a new device, according to the welcome.</summary>
    LongLog,
}
