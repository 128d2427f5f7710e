namespace Chatable.Messaging.Conversations;

/// <summary>A conversation in a user's inbox: with whom, and its latest message, which is either's own.</summary>
public sealed record InboxRow(bool IsOwn, DateTime CreatedAt, string LatestMessage, string WithUsername);

/// <summary>A message of a conversation between two known users, at its place in it.</summary>
public sealed record ThreadRow(long Seq, long AuthorId, DateTime CreatedAt, string Message, int MessageType);

/// <summary>A part of a list, newest first: <paramref name="Skip"/> rows are left out, <paramref name="Take"/> follow.</summary>
public readonly record struct PageRange(long Skip, int Take);
