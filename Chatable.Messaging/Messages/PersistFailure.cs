using System.Net.Sockets;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>What a failure to store a batch implies for its entries.</summary>
public enum PersistFailure
{
    /// <summary>The database, the network or an operator is the cause. Retry until it passes, and blame no entry.</summary>
    Transient,

    /// <summary>One of the entries can never be stored.</summary>
    Data,

    /// <summary>An unexpected failure. Retry a few times, then blame the entry that keeps failing alone.</summary>
    Unforeseen,
}

public static class PersistFailures
{
    public static PersistFailure Classify(Exception failure) => failure switch
    {
        PostgresException { SqlState: var code } => ClassifyState(code),
        UnknownUserException => PersistFailure.Data,
        NpgsqlException or TimeoutException or IOException or SocketException => PersistFailure.Transient,
        OutOfMemoryException or ObjectDisposedException => PersistFailure.Transient,
        _ => PersistFailure.Unforeseen,
    };

    /// <summary>
    /// Whether the failure is <see cref="PersistFailure.Transient"/>, but unlikely to pass until someone fixes its cause.
    /// </summary>
    public static bool IsAlarming(Exception failure) => failure is PostgresException { SqlState: var code } && IsAlarming(code);

    /// <summary>A short name of the failure without any message text: the SQLSTATE, or the exception type.</summary>
    public static string CodeOf(Exception failure) => failure switch
    {
        PostgresException { SqlState: var code } => code,
        UnknownUserException => "unknown_user",
        _ => failure.GetType().Name,
    };

    // An entry is blamed only for failures that its own values can cause: ids, a client id, a type or a text. Blaming the wrong entry loses
    // a message that could have been stored. Blaming none stops a partition, visibly, until someone fixes the cause.
    private static PersistFailure ClassifyState(string sqlState) => sqlState switch
    {
        // Repeats are detected earlier, and seqs are assigned under locks. Only a writer without the locks can cause this, and it may go
        // away.
        PostgresErrorCodes.UniqueViolation => PersistFailure.Unforeseen,
        // Raised by a trigger that someone has added. It may concern the entry, or not.
        PostgresErrorCodes.RaiseException => PersistFailure.Unforeseen,
        PostgresErrorCodes.StringDataRightTruncation or PostgresErrorCodes.NumericValueOutOfRange => PersistFailure.Data,
        PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter => PersistFailure.Data,
        PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.CheckViolation => PersistFailure.Data,
        PostgresErrorCodes.ProgramLimitExceeded => PersistFailure.Data,
        _ => PersistFailure.Transient,
    };

    // These classes recover without help: connections (08), transaction states such as read-only (25), rollbacks (40), resources (53),
    // locks (55) and operators (57). Everything else needs a person:
    // - a full disk, or a damaged index (XX);
    // - sessions that lose their prepared statements (26);
    // - a schema of another build, or missing rights (28, 3D, 3F, 42);
    // - a feature that this server lacks (0A), and any unknown class.
    private static bool IsAlarming(string sqlState) =>
        ClassifyState(sqlState) is PersistFailure.Transient
        && (sqlState == PostgresErrorCodes.DiskFull || !IsIn(sqlState, "08", "25", "40", "53", "55", "57"));

    private static bool IsIn(string sqlState, params ReadOnlySpan<string> classes)
    {
        foreach (var prefix in classes)
        {
            if (sqlState.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
