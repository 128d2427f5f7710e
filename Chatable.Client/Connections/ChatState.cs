namespace Chatable.Client;

/// <summary>What a connection is doing.</summary>
public enum ChatState
{
    /// <summary>Not started yet.</summary>
    Idle,

    /// <summary>Connecting for the first time.</summary>
    Connecting,

    /// <summary>Welcomed by a server.</summary>
    Online,

    /// <summary>Lost a connection, or did not get the first: waiting or connecting anew.</summary>
    Reconnecting,

    /// <summary>Over; the reason says why.</summary>
    Stopped,
}

/// <summary>Why a connection is over.</summary>
public enum ChatStopReason
{
    /// <summary>It is not over.</summary>
    None,

    /// <summary>It was disposed.</summary>
    Disposed,

    /// <summary>The token is not accepted, and neither is its refresh token: log in again.</summary>
    Unauthenticated,

    /// <summary>The same device has another connection (close code 4409).</summary>
    Replaced,

    /// <summary>The server refuses this client by policy (1008).</summary>
    Policy,

    /// <summary>The server says that this client breaks the protocol (1002, 1003, 1007, 1009, 4400): a fault to report.</summary>
    ProtocolFault,

    /// <summary>The store threw an exception.</summary>
    StoreFailed,

    /// <summary>A callback of the application failed: <see cref="ChatCredentials.Refreshed"/>.</summary>
    CallbackFailed,

    /// <summary>This library has a fault: one to report, with the exception.</summary>
    InternalFault,
}

/// <summary>What a connection does now, and why.</summary>
/// <param name="State">What it does.</param>
/// <param name="Reason">Why it stopped, if it did.</param>
/// <param name="CloseCode">The close code that led here, if one did.</param>
public sealed record ChatStatus(ChatState State, ChatStopReason Reason = ChatStopReason.None, int? CloseCode = null);

/// <summary>
/// The server could not go on where this device had stopped (it was restored from a backup, or forgot), or the device is new and the log
/// long. Messages in between come by <see cref="ChatHistory"/>; those after <paramref name="To"/> come as always.
/// </summary>
/// <param name="To">From where messages come next.</param>
public sealed record ChatReset(ChatCursor To)
{
    /// <summary>Whether the device is new, and its log longer than <see cref="ConnectionOptions.MaxReplay"/>.</summary>
    public bool IsFirst { get; init; }
}
