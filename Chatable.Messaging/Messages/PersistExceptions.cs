namespace Chatable.Messaging.Messages;

/// <summary>An entry names a user without a log, so the user does not exist. Retrying cannot store it.</summary>
public sealed class UnknownUserException(long userId) : Exception($"User {userId} has no head.")
{
    public long UserId { get; } = userId;
}

/// <summary>
/// A statement affected another number of rows than planned, so nothing was committed: another client writes without taking the locks. If
/// the statement is one of the writes, PostgreSQL's log names it.
/// </summary>
public sealed class RowCountException() : Exception("A statement touched another number of rows than planned.");
