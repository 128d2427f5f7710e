using Chatable.ApiService.Realtime.Push;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// One connection's protocol: what its frames mean, and what the log's entries and the worker's words look like to it. The walk
/// along the log is the same for every protocol. Nothing here may wait but where it says so; calls come from several loops.
/// </summary>
internal interface IProtocolSession
{
    /// <summary>Whether the client has owed the server something for too long.</summary>
    bool IsOverdue { get; }

    /// <summary>Whether it is known on which device the client is, or that it will not say.</summary>
    bool IsIdentified { get; }

    /// <summary>What the client calls its device; null where it is not known.</summary>
    string? Device { get; }

    /// <summary>What breaks a silence of the server's; null where the client is to be told nothing.</summary>
    byte[]? Heartbeat { get; }

    /// <summary>
    /// The user is registered and <paramref name="log"/> holds its pushes: from now on the session may start it. It fails where the
    /// database does.
    /// </summary>
    Task OpenAsync(LogCursor log, CancellationToken cancellationToken);

    /// <summary>Takes a frame from the client. One call at a time.</summary>
    void Receive(ReadOnlySpan<byte> utf8);

    /// <summary>
    /// When the client's next frame may be read; called after each one. Whoever sends faster than allowed, or than its messages are taken,
    /// is slowed down by this, for <see cref="RealtimeOptions.MaxThrottle"/> at most.
    /// </summary>
    Task ReadyAsync();

    /// <summary>Shows the client the next entry of its log. One call at a time.</summary>
    void Deliver(in Envelope entry);

    /// <summary>
    /// The log goes on in another epoch, and up to <paramref name="sharedUntil"/> is the same as before: what was delivered is.
    /// </summary>
    void GoOn(LogEpoch epoch, long sharedUntil);

    /// <summary>Tells the client where a message stands that was stored at an earlier attempt.</summary>
    void Repeated(in MessageRepeated message);

    /// <summary>The same, where the place is of another epoch than the connection, and may be another one to the client.</summary>
    void RepeatedElsewhere();

    /// <summary>Tells the client that a message accepted earlier was not stored.</summary>
    void Refuse(in MessageRefused message);

    /// <summary>Tells the client that this server is about to stop.</summary>
    void StartDraining();
}
