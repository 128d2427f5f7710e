using System.Collections.Immutable;

namespace Chatable.Messaging.Wire;

/// <summary>What the worker tells an API server: one item of a batch in that server's queue.</summary>
public abstract record Dispatch;

/// <summary>Where a message stands in one user's log.</summary>
public readonly record struct Recipient(long UserId, long Seq);

/// <summary>
/// A newly stored message, for every user it concerns; the same bytes go to each server, which skips users it does not hold.
/// </summary>
public sealed record MessageStored(
    MessageRecord Message, ImmutableArray<Recipient> Recipients, Origin Origin, TraceParent Trace) : Dispatch;

/// <summary>
/// A repeat of a message stored earlier: the origin is told where it stands. <paramref name="Heads"/> are the heads of the users
/// concerned, so that a push lost with the first attempt is repaired.
/// </summary>
public sealed record MessageRepeated(
    Guid MessageId, ClientId ClientId, long AuthorId, long AuthorSeq, long ConversationId, long ConversationSeq, DateTime CreatedAt,
    ImmutableArray<Recipient> Heads, Origin Origin) : Dispatch
{
    /// <summary>What the author is told of it.</summary>
    public StoredPlace AuthorsPlace => new(ClientId, MessageId, AuthorSeq, ConversationId, ConversationSeq, CreatedAt);
}

/// <summary>A message that was not stored, told to the connection it came by.</summary>
public sealed record MessageRefused(ClientId ClientId, RefusalCode Code, Origin Origin) : Dispatch;

/// <summary>Why the worker did not store a message.</summary>
public enum RefusalCode : byte
{
    /// <summary>The database can never take it; it stands among the dead letters.</summary>
    Invalid = 1,

    /// <summary>Its predecessor was lost on the way: send both again, in order.</summary>
    OutOfOrder = 2,
}
