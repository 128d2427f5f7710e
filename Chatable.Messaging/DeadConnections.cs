using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// After PostgreSQL goes away, the pool still holds dead connections. The first use of each would fail, so the same number of requests
/// would fail long after the server is back. When one read finds a dead connection, the whole pool is cleared. A session whose prepared
/// statements were lost, through a pooler or a DEALLOCATE, is dead too: the driver would go on using statements that no longer exist.
/// </summary>
internal static class DeadConnections
{
    /// <summary>Runs a read-only operation. If its connection was dead, runs it once more on a new connection.</summary>
    /// <exception cref="NpgsqlException">The second run of <paramref name="read"/> failed.</exception>
    public static async Task<T> ReadAsync<T>(
        this NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await database.AskAsync(read, cancellationToken);
        }
        catch (NpgsqlException failure) when (IsTheCauseOf(failure))
        {
            database.Clear();
            return await database.AskAsync(read, cancellationToken);
        }
    }

    /// <summary>Returns false if connecting failed (a <c>SocketException</c>), or if the server did not answer in time.</summary>
    public static bool IsTheCauseOf(NpgsqlException failure) => failure is PostgresException refused
        ? refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement
        : failure.InnerException is IOException;
}
