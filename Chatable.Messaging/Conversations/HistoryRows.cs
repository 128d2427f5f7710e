namespace Chatable.Messaging.Conversations;

/// <summary>
/// The place of a conversation in a user's inbox: latest activity first, equal ones by their id. What is written to a conversation moves
/// it to the front, so that a walk towards the older ones meets none of them twice.
/// </summary>
public readonly record struct InboxPlace(DateTime LastActivityAt, long ConversationId);

/// <summary>A conversation in a user's inbox, with its latest message.</summary>
public sealed record ConversationRow(InboxPlace Place, string With, long LastSeq, HistoryRow LastMessage);

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
