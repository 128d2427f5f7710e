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

    /// <summary>A short name of the failure without a word of any message: the SQLSTATE, or the kind of exception.</summary>
    public static string CodeOf(Exception failure) => failure switch
    {
        PostgresException { SqlState: var code } => code,
        UnknownUserException => "unknown_user",
        _ => failure.GetType().Name,
    };

    private static PersistFailure ClassifyState(string sqlState) => sqlState switch
    {
        // A repeat is found before, and a place is counted under locks: only a writer without them can be the cause, and it may go away.
        PostgresErrorCodes.UniqueViolation => PersistFailure.Unforeseen,
        // The schema is not the one this build knows, or rights are missing: the operator's to mend, and no entry's fault.
        _ when IsIn(sqlState, "42", "3D", "3F", "28", "0A") => PersistFailure.Transient,
        _ when IsIn(sqlState, "08", "25", "40", "53", "55", "57", "58") => PersistFailure.Transient,
        _ when IsIn(sqlState, "22", "23", "54") => PersistFailure.Data,
        _ => PersistFailure.Unforeseen,
    };

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
