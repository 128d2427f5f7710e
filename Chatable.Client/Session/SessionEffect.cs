namespace Chatable.Client.Session;

/// <summary>What a session wants done. The order counts: effects are carried out one after the other.</summary>
internal abstract record SessionEffect;

/// <summary>Send this frame.</summary>
internal sealed record Transmit(ReadOnlyMemory<byte> Frame) : SessionEffect;

/// <summary>A server has welcomed this device.</summary>
internal sealed record Welcomed : SessionEffect;

/// <summary>The backlog is done.</summary>
internal sealed record CaughtUp : SessionEffect;

/// <summary>Store the first cursor.</summary>
internal sealed record BeginAt(ChatCursor Cursor) : SessionEffect;

/// <summary>Store another epoch for the cursor; where a message of this device is through after that place is void.</summary>
internal sealed record GoOn(ChatCursor Shared) : SessionEffect;

/// <summary>Give a message to the application.</summary>
internal sealed record Surface(ChatMessage Message) : SessionEffect;

/// <summary>A place of the log that holds no news for the application.</summary>
internal sealed record Pass(long Seq) : SessionEffect;

/// <summary>A message of this device is committed.</summary>
internal sealed record Settle(SentMessage Sent) : SessionEffect;

/// <summary>A message of this device is refused for good.</summary>
internal sealed record Refuse(ChatSendException Why) : SessionEffect;

/// <summary>The log goes on elsewhere; the application must load what lies between.</summary>
internal sealed record StartOver(ChatReset Reset) : SessionEffect;

/// <summary>A message is sent once more, since the answer was to try again.</summary>
internal sealed record Resending(string Why) : SessionEffect;

/// <summary>End this connection and make another.</summary>
internal sealed record Leave(LeaveReason Reason) : SessionEffect;

internal enum LeaveReason
{
    /// <summary>The server was silent for too long.</summary>
    Silence,

    /// <summary>The answer to a message did not come in time.</summary>
    AckTimeout,

    /// <summary>No welcome came.</summary>
    NoWelcome,

    /// <summary>A frame is none of the protocol, or came out of turn.</summary>
    BadFrame,

    /// <summary>A place of the log was left out.</summary>
    Gap,

    /// <summary>The server said that it is about to stop.</summary>
    Draining,

    /// <summary>There is room again for what was read and could not be taken: it comes again.</summary>
    Behind,

    /// <summary>The log is too long to be replayed to a new device, which the welcome has told.</summary>
    LongLog,
}
