using System.Net.Sockets;
using Npgsql;

namespace Chatable.Messaging.Messages;

/// <summary>What a failure to store a batch says about its entries.</summary>
public enum PersistFailure
{
    /// <summary>Nothing: the database, the network or an operator is the cause. Repeat until it passes, and blame no entry.</summary>
    Transient,

    /// <summary>Some entry can never be stored.</summary>
    Data,

    /// <summary>Not foreseen. Repeat a few times, then blame the entry that keeps failing alone.</summary>
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

    /// <summary>Whether it is <see cref="PersistFailure.Transient"/> and will hardly pass before somebody mends its cause.</summary>
    public static bool IsAlarming(Exception failure) => failure is PostgresException { SqlState: var code } && IsAlarming(code);

    /// <summary>A short name of the failure without a word of any message: the SQLSTATE, or the kind of exception.</summary>
    public static string CodeOf(Exception failure) => failure switch
    {
        PostgresException { SqlState: var code } => code,
        UnknownUserException => "unknown_user",
        _ => failure.GetType().Name,
    };

    // An entry is blamed for what its own values can be the cause of: ids, a client id, a type and a text. A wrong blame loses a message that
    // could have been stored; to blame none stops a partition, loudly, until somebody has mended the cause.
    private static PersistFailure ClassifyState(string sqlState) => sqlState switch
    {
        // A repeat is found before, and a place is counted under locks: only a writer without them can be the cause, and it may go away.
        PostgresErrorCodes.UniqueViolation => PersistFailure.Unforeseen,
        // What a trigger says that somebody has added: it may mean the entry, or not.
        PostgresErrorCodes.RaiseException => PersistFailure.Unforeseen,
        PostgresErrorCodes.StringDataRightTruncation or PostgresErrorCodes.NumericValueOutOfRange => PersistFailure.Data,
        PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter => PersistFailure.Data,
        PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.CheckViolation => PersistFailure.Data,
        PostgresErrorCodes.ProgramLimitExceeded => PersistFailure.Data,
        _ => PersistFailure.Transient,
    };

    // Of the classes: connections (08), states of a transaction such as read-only (25), rollbacks (40), resources (53), locks (55) and
    // operators (57) come right again. Nobody but somebody helps with a full disk, a damaged index (XX), sessions that lose what was
    // prepared in them (26), a schema that is not this build's or missing rights (28, 3D, 3F, 42), a feature this server has not (0A), nor
    // with whatever is not known here.
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
