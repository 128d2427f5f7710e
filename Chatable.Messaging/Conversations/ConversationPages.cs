namespace Chatable.Messaging.Conversations;

/// <summary>A conversation in a user's inbox: the other user, and its latest message, which either of the two may have written.</summary>
public sealed record InboxRow(bool IsOwn, DateTime CreatedAt, string LatestMessage, string WithUsername);

/// <summary>A message of a conversation between two known users, with its seq in the conversation.</summary>
public sealed record ThreadRow(long Seq, long AuthorId, DateTime CreatedAt, string Message, int MessageType);

/// <summary>
/// A part of a list, newest first: the first <paramref name="Skip"/> rows are omitted, the next <paramref name="Take"/> are returned.
/// </summary>
public readonly record struct PageRange(long Skip, int Take);
