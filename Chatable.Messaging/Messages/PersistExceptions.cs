namespace Chatable.Messaging.Messages;

/// <summary>An entry names a user who has no log: there is no such user. No repetition will store it.</summary>
public sealed class UnknownUserException(long userId) : Exception($"User {userId} has no head.")
{
    public long UserId { get; } = userId;
}

/// <summary>
/// A statement touched another number of rows than planned, so nothing was committed: somebody writes without the locks. Where it is one
/// of the writes, PostgreSQL's log names it.
/// </summary>
public sealed class RowCountException() : Exception("A statement touched another number of rows than planned.");
