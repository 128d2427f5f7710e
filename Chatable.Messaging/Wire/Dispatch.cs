using Chatable.Messaging.Wire.V2;

namespace Chatable.Messaging.Wire;

/// <summary>
/// One item of a batch in an API server's queue, sent by a worker. Implementations are structs, so reading them allocates no objects.
/// </summary>
public interface IDispatch
{
    /// <summary>The connection that the message came from.</summary>
    Origin Origin { get; }
}

/// <summary>
/// A newly stored message, for every user it concerns. Each server receives the same bytes, and skips users that are not connected to it.
/// </summary>
public readonly record struct MessageStored(MessageRecord Message, Recipients Recipients, Origin Origin, TraceParent Trace) : IDispatch
{
    /// <summary>The number of the epoch in which its seqs are valid.</summary>
    public int Epoch { get; init; }
}

/// <summary>
/// A repeat of a message stored earlier. Tells the origin where the message is stored. <paramref name="Heads"/> are the heads of the users
/// concerned, so that a push lost with the first attempt is recovered.
/// </summary>
public readonly record struct MessageRepeated(
    Guid MessageId, ClientId ClientId, long AuthorId, long AuthorSeq, long ConversationId, long ConversationSeq, DateTime CreatedAt,
    Recipients Heads, Origin Origin) : IDispatch
{
    /// <inheritdoc cref="MessageStored.Epoch"/>
    public int Epoch { get; init; }

    /// <summary>The data for the author's ack.</summary>
    public StoredPlace AuthorsPlace => new(ClientId, MessageId, AuthorSeq, ConversationId, ConversationSeq, CreatedAt);
}

/// <summary>A message that was not stored. Only the connection that it came from is told.</summary>
public readonly record struct MessageRefused(ClientId ClientId, RefusalCode Code, Origin Origin) : IDispatch;

/// <summary>Which of the three an item is; the default is none of them.</summary>
public enum DispatchKind
{
    Stored = 1,
    Repeated,
    Refused,
}

/// <summary>Why the worker did not store a message.</summary>
public enum RefusalCode : byte
{
    /// <summary>The database can never accept it. It is now a dead letter.</summary>
    Invalid = 1,

    /// <summary>Its predecessor was lost in transit: send both again, in order.</summary>
    OutOfOrder = 2,

    /// <summary>
    /// Its author has used its client id for another message, which is stored. A server that does not know this code reports the message as
    /// invalid.
    /// </summary>
    KeyReused = 3,
}

/// <summary>Receives the worker's items on a server, and informs whoever waits for them. Must neither block nor throw.</summary>
public interface IDispatchHandler
{
    void Handle(in MessageStored stored);

    void Handle(in MessageRepeated repeated);

    void Handle(in MessageRefused refused);
}

/// <summary>
/// The connection that a message came from, so that its outcome can be sent there: the server's boot id and its number for the connection.
/// </summary>
public readonly record struct Origin(Guid BootId, long ConnectionId);
