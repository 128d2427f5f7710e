namespace Chatable.Messaging.Conversations;

/// <summary>
/// The place of a conversation in a user's inbox: latest activity first, ties ordered by id. A new message moves its conversation to the
/// front. A walk towards the older conversations therefore meets none of them twice, and misses those that move before the walk reaches
/// them.
/// </summary>
public readonly record struct InboxPlace(DateTime LastActivityAt, long ConversationId);

/// <summary>A conversation in a user's inbox, with its latest message.</summary>
public sealed record ConversationRow(InboxPlace Place, string With, long LastSeq, HistoryRow LastMessage);

/// <summary>
/// A part of an inbox. <paramref name="Head"/> is the seq of the user's log at the time of the read, or null if there are no rows.
/// </summary>
public sealed record InboxSlice(IReadOnlyList<ConversationRow> Rows, long? Head);

/// <summary>One page of a walk. <paramref name="Next"/> is null at the end of the walk.</summary>
public sealed record InboxStep(IReadOnlyList<ConversationRow> Rows, InboxWalk? Next);

/// <summary>
/// The conversations found in the user's log up to <paramref name="Reached"/>. The range continues if that is before
/// <paramref name="End"/>.
/// </summary>
internal sealed record MovedSlice(IReadOnlyList<ConversationRow> Rows, long Reached, long End);

/// <summary>A direct conversation as one of its participants sees it.</summary>
public sealed record ConversationParties(long LastSeq, long LowId, string Low, long HighId, string High)
{
    public string NameOf(long user) => user == LowId ? Low : High;

    /// <summary>The name of the other participant. For a note to self, this is the user's own name.</summary>
    public string NameOfOther(long user) => user == LowId ? High : Low;
}

/// <summary>A stored message. <paramref name="MessageType"/> is 0 for a text, 1 for a photo.</summary>
public sealed record HistoryRow(
    Guid MessageId, long ConversationSeq, ClientId ClientId, long AuthorId, int MessageType, string Message, DateTime CreatedAt);
