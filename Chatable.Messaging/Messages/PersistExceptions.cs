namespace Chatable.Messaging.Messages;

/// <summary>An entry names a user who has no log: there is no such user. No repetition will store it.</summary>
public sealed class UnknownUserException(long userId) : Exception($"User {userId} has no head.")
{
    public long UserId { get; } = userId;
}

/// <summary>A statement touched another number of rows than planned, so nothing was committed: somebody writes without the locks.</summary>
public sealed class RowCountException(string statement, long expected, long actual) : Exception(
    $"{statement} touched {actual} rows instead of {expected}.");
