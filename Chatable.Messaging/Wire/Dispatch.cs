namespace Chatable.Messaging.Wire;

/// <summary>
/// One item of a batch in an API server's queue, sent by a worker. Implementations are structs, so reading them allocates no objects.
/// </summary>
public interface IDispatch
{
    /// <summary>The connection that the command came from.</summary>
    Origin Origin { get; }
}

/// <summary>
/// A new entry in the logs of every user it concerns. Each server receives the same bytes, and skips users that are not connected to it.
/// </summary>
public readonly record struct EntryStored(LogEntry Entry, Recipients Recipients, Origin Origin, TraceParent Trace) : IDispatch
{
    /// <summary>The number of the epoch in which its seqs are valid.</summary>
    public int Epoch { get; init; }
}

/// <summary>
/// A repeat of a command that was carried out earlier. Tells the origin what became of it then. <paramref name="Heads"/> are the heads of the
/// users concerned, so that a push lost with the first attempt is recovered.
/// </summary>
/// <param name="CommandId">The id that the actor's client gave the command.</param>
/// <param name="AckFields">The fields of the ack besides its seq, as in <see cref="LogEntry.AckFields"/>.</param>
/// <param name="ActorSeq">The seq of the entry in the actor's log.</param>
/// <param name="Heads">The heads of the users concerned.</param>
/// <param name="Origin">The connection of the repeat.</param>
public readonly record struct CommandRepeated(
    ClientId CommandId, ReadOnlyMemory<byte> AckFields, long ActorSeq, Recipients Heads, Origin Origin) : IDispatch
{
    /// <inheritdoc cref="EntryStored.Epoch"/>
    public int Epoch { get; init; }
}

/// <summary>A command that was not carried out. Only the connection that it came from is told.</summary>
public readonly record struct CommandRefused(ClientId CommandId, RefusalCode Code, Origin Origin) : IDispatch;

/// <summary>Which of the three an item is; the default is none of them.</summary>
public enum DispatchKind
{
    Stored = 1,
    Repeated,
    Refused,
}

/// <summary>Why the worker did not carry out a command.</summary>
public enum RefusalCode : byte
{
    /// <summary>The database can never accept it. It is now a dead letter.</summary>
    Invalid = 1,

    /// <summary>Its predecessor was lost in transit: send both again, in order.</summary>
    OutOfOrder = 2,

    /// <summary>
    /// Its author has used its id for another command, which was carried out. A server that does not know this code reports the command as
    /// invalid.
    /// </summary>
    KeyReused = 3,
}

/// <summary>Receives the worker's items on a server, and informs whoever waits for them. Must neither block nor throw.</summary>
public interface IDispatchHandler
{
    void Handle(in EntryStored stored);

    void Handle(in CommandRepeated repeated);

    void Handle(in CommandRefused refused);
}

/// <summary>
/// The connection that a command came from, so that its outcome can be sent there: the server's boot id and its number for the connection.
/// </summary>
public readonly record struct Origin(Guid BootId, long ConnectionId);
