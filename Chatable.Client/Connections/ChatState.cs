namespace Chatable.Client;

/// <summary>The state of a connection.</summary>
public enum ChatState
{
    /// <summary>Not started yet.</summary>
    Idle,

    /// <summary>Connecting for the first time.</summary>
    Connecting,

    /// <summary>Connected, and welcomed by a server.</summary>
    Online,

    /// <summary>The connection was lost, or the first attempt failed: waiting or connecting again.</summary>
    Reconnecting,

    /// <summary>Stopped. The reason says why.</summary>
    Stopped,
}

/// <summary>Why a connection has stopped.</summary>
public enum ChatStopReason
{
    /// <summary>It has not stopped.</summary>
    None,

    /// <summary>It was disposed.</summary>
    Disposed,

    /// <summary>The token and its refresh token are no longer accepted: log in again.</summary>
    Unauthenticated,

    /// <summary>The same device has a newer connection (close code 4409).</summary>
    Replaced,

    /// <summary>The server refuses this client for policy reasons (1008).</summary>
    Policy,

    /// <summary>The server reports a protocol violation by this client (1002, 1003, 1007, 1009, 4400): please report it as a bug.</summary>
    ProtocolFault,

    /// <summary>The store threw an exception.</summary>
    StoreFailed,

    /// <summary>A callback of the application failed: <see cref="ChatCredentials.Refreshed"/>.</summary>
    CallbackFailed,

    /// <summary>An error inside this library: please report it as a bug, with the exception.</summary>
    InternalFault,
}

/// <summary>The status of a connection.</summary>
/// <param name="State">The state.</param>
/// <param name="Reason">Why it stopped, if it has.</param>
/// <param name="CloseCode">The close code that caused this state, if any.</param>
public sealed record ChatStatus(ChatState State, ChatStopReason Reason = ChatStopReason.None, int? CloseCode = null);

/// <summary>
/// The server could not continue from this device's cursor (it was restored from a backup, or lost data), or the device is new and the log
/// is long. Load the messages in between with <see cref="ChatHistory"/>. Those after <paramref name="To"/> arrive as usual.
/// </summary>
/// <param name="To">The cursor after which messages continue.</param>
public sealed record ChatReset(ChatCursor To)
{
    /// <summary>Whether the device is new, and its log longer than <see cref="ConnectionOptions.MaxReplay"/>.</summary>
    public bool IsFirst { get; init; }
}
