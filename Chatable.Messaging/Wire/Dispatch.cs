using Chatable.Messaging.Wire.V2;

namespace Chatable.Messaging.Wire;

/// <summary>What the worker tells an API server, one item of a batch in its queue: values, so that reading them makes no objects.</summary>
public interface IDispatch
{
    /// <summary>Where the message came in.</summary>
    Origin Origin { get; }
}

/// <summary>
/// A newly stored message, for every user it concerns; the same bytes go to each server, which skips users it does not hold.
/// </summary>
public readonly record struct MessageStored(MessageRecord Message, Recipients Recipients, Origin Origin, TraceParent Trace) : IDispatch
{
    /// <summary>The number of the epoch in which its seqs mean something.</summary>
    public int Epoch { get; init; }
}

/// <summary>
/// A repeat of a message stored earlier: the origin is told where it stands. <paramref name="Heads"/> are the heads of the users
/// concerned, so that a push lost with the first attempt is repaired.
/// </summary>
public readonly record struct MessageRepeated(
    Guid MessageId, ClientId ClientId, long AuthorId, long AuthorSeq, long ConversationId, long ConversationSeq, DateTime CreatedAt,
    Recipients Heads, Origin Origin) : IDispatch
{
    /// <inheritdoc cref="MessageStored.Epoch"/>
    public int Epoch { get; init; }

    /// <summary>What the author is told of it.</summary>
    public StoredPlace AuthorsPlace => new(ClientId, MessageId, AuthorSeq, ConversationId, ConversationSeq, CreatedAt);
}

/// <summary>A message that was not stored, told to the connection it came by.</summary>
public readonly record struct MessageRefused(ClientId ClientId, RefusalCode Code, Origin Origin) : IDispatch;

/// <summary>Why the worker did not store a message.</summary>
public enum RefusalCode : byte
{
    /// <summary>The database can never take it; it stands among the dead letters.</summary>
    Invalid = 1,

    /// <summary>Its predecessor was lost on the way: send both again, in order.</summary>
    OutOfOrder = 2,

    /// <summary>
    /// Its author has given its client id to another message, which is stored. A server that does not know this says invalid.
    /// </summary>
    KeyReused = 3,
}

/// <summary>Takes what the worker says, to tell whom it concerns on a server. It neither waits nor fails.</summary>
public interface IDispatchHandler
{
    void Handle(in MessageStored stored);

    void Handle(in MessageRepeated repeated);

    void Handle(in MessageRefused refused);
}

/// <summary>
/// The connection a message came in by, so that its fate can be told there: the server's life and the connection's number in it.
/// </summary>
public readonly record struct Origin(Guid BootId, long ConnectionId);
