namespace Chatable.Messaging.Conversations;

/// <summary>
/// The place of a conversation in a user's inbox: latest activity first, equal ones by their id. What is written to a conversation moves
/// it to the front: a walk towards the older ones meets none of them twice, and passes by what moves before the walk has come to it.
/// </summary>
public readonly record struct InboxPlace(DateTime LastActivityAt, long ConversationId);

/// <summary>A conversation in a user's inbox, with its latest message.</summary>
public sealed record ConversationRow(InboxPlace Place, string With, long LastSeq, HistoryRow LastMessage);

/// <summary>A part of an inbox. <paramref name="Head"/> is where the user's log stood then; null where there is no row.</summary>
public sealed record InboxSlice(IReadOnlyList<ConversationRow> Rows, long? Head);

/// <summary>A page of a walk; <paramref name="Next"/> is null at its end.</summary>
public sealed record InboxStep(IReadOnlyList<ConversationRow> Rows, InboxWalk? Next);

/// <summary>
/// Conversations met along the user's log up to <paramref name="Reached"/>; the way goes on where that is before <paramref name="End"/>.
/// </summary>
internal sealed record MovedSlice(IReadOnlyList<ConversationRow> Rows, long Reached, long End);

/// <summary>A direct conversation as one of its participants sees it.</summary>
public sealed record ConversationParties(long LastSeq, long LowId, string Low, long HighId, string High)
{
    public string NameOf(long user) => user == LowId ? Low : High;

    /// <summary>The other one; of a note to oneself, oneself.</summary>
    public string NameOfOther(long user) => user == LowId ? High : Low;
}

/// <summary>A stored message. <paramref name="MessageType"/> is 0 for a text, 1 for a photo.</summary>
public sealed record HistoryRow(
    Guid MessageId, long ConversationSeq, ClientId ClientId, long AuthorId, int MessageType, string Message, DateTime CreatedAt);
