using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// A PostgreSQL that went away leaves a pool of connections that are dead without anybody knowing: the first use of each would fail, and
/// so as many requests long after it is back. Where one read finds that out, the others need not. A session that has lost what was prepared
/// in it, to a pooler or a DEALLOCATE, is as dead: the driver would go on using what is not there.
/// </summary>
internal static class DeadConnections
{
    /// <summary>Runs something that changes nothing; where its connection was dead, once more on a new one.</summary>
    /// <exception cref="NpgsqlException">As <paramref name="read"/> throws it, the second time.</exception>
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

    /// <summary>Not where connecting failed, which is a <c>SocketException</c>, nor where the server did not answer in time.</summary>
    public static bool IsTheCauseOf(NpgsqlException failure) => failure is PostgresException refused
        ? refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement
        : failure.InnerException is IOException;
}
