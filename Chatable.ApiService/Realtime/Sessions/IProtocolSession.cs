using Chatable.ApiService.Realtime.Push;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// One connection's protocol: the meaning of the client's frames, and the form in which log entries and the worker's answers are sent. The
/// cursor along the log is the same for every protocol. No method may block unless its documentation says so. Several loops call it.
/// </summary>
internal interface IProtocolSession
{
    /// <summary>Whether the client has missed a deadline of the protocol.</summary>
    bool IsOverdue { get; }

    /// <summary>Whether the client's device is known, or known to stay unknown.</summary>
    bool IsIdentified { get; }

    /// <summary>The client's name for its device. Null if it is not known.</summary>
    string? Device { get; }

    /// <summary>The frame to send after a long silence of the server. Null if the client needs none.</summary>
    byte[]? Heartbeat { get; }

    /// <summary>
    /// The user is registered and <paramref name="log"/> holds its pushes: from now on the session may start the cursor. Throws if the
    /// database fails.
    /// </summary>
    Task OpenAsync(LogCursor log, CancellationToken cancellationToken);

    /// <summary>Takes a frame from the client. Never called concurrently.</summary>
    void Receive(ReadOnlySpan<byte> utf8);

    /// <summary>
    /// Completes when the client's next frame may be read; called after each frame. It slows down a client that sends faster than allowed,
    /// or faster than its messages are accepted, by at most <see cref="RealtimeOptions.MaxThrottle"/>.
    /// </summary>
    Task ReadyAsync();

    /// <summary>Sends the client the next entry of its log. Never called concurrently.</summary>
    void Deliver(in Envelope envelope);

    /// <summary>
    /// The log continues in another epoch, and is unchanged up to <paramref name="sharedUntil"/>. All delivered entries are within that
    /// part.
    /// </summary>
    void GoOn(LogEpoch epoch, long sharedUntil);

    /// <summary>Tells the client what became of a command that an earlier attempt carried out.</summary>
    void Repeated(in CommandRepeated command);

    /// <summary>
    /// Like <see cref="Repeated"/>, if the place belongs to another epoch than the connection and may mean another entry to the client.
    /// </summary>
    void RepeatedElsewhere();

    /// <summary>Tells the client that a command accepted earlier was not carried out.</summary>
    void Refuse(in CommandRefused command);

    /// <summary>Tells the client that this server is about to stop.</summary>
    void StartDraining();
}
