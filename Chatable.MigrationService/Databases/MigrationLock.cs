using System.Globalization;
using Npgsql;

namespace Chatable.MigrationService.Databases;

/// <summary>
/// The right to migrate one database: two PostgreSQL advisory locks. A dedicated session holds the first from beginning to end. Every
/// session that runs scripts holds the second. If the process ends in the middle of a script, PostgreSQL notices only when the script's
/// statement is done, and the next migrator must not begin before that.
/// Behind a pooler that shares sessions between transactions (PgBouncer) the locks have no effect: migrate over a direct connection.
/// </summary>
internal sealed class MigrationLock : IAsyncDisposable
{
    /// <summary>Key of the data source whose sessions hold the scripts' lock for as long as they last.</summary>
    public const string ScriptSessions = "scripts";

    private const long Key = 0x63_68_61_74_61_62_6C_65; // "chatable"
    private const long ScriptKey = Key + 1;

    private static readonly string s_holdScripts = string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_lock({ScriptKey})");

    private readonly NpgsqlConnection _connection;

    private MigrationLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>
    /// Lets both sides detect that the other disappeared silently, the server within half a minute. Otherwise the lock of a migrator whose
    /// machine died would remain until TCP closes the connection, after two hours.
    /// </summary>
    public static void LoseWithItsHolder(NpgsqlDataSourceBuilder source)
    {
        var settings = source.ConnectionStringBuilder;
        settings.KeepAlive = 30;
        if (!settings.ShouldSerialize("Options"))
        {
            settings.Options = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
                + "-c tcp_user_timeout=25000";
        }
    }

    public static void HoldInEverySession(NpgsqlDataSourceBuilder source)
    {
        LoseWithItsHolder(source);
        // Not pooled, because the lock would live on in the pool.
        source.ConnectionStringBuilder.Pooling = false;
        source.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(s_holdScripts, connection) { CommandTimeout = 0 };
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(s_holdScripts, connection) { CommandTimeout = 0 };
                await command.ExecuteNonQueryAsync();
            });
    }

    /// <summary>Waits for the lock, and until no script is running. Takes ownership of the connection.</summary>
    /// <exception cref="MigrationException">Another migration has held it for longer than <paramref name="timeout"/>.</exception>
    public static async Task<MigrationLock> TakeAsync(NpgsqlConnection connection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var milliseconds = ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            await using var command = new NpgsqlCommand(
                $"SET lock_timeout = {milliseconds}; SELECT pg_advisory_lock({Key}); {s_holdScripts}; SELECT pg_advisory_unlock({ScriptKey})",
                connection)
            {
                CommandTimeout = 0,
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new MigrationLock(connection);
        }
        catch (Exception exception)
        {
            // One of the two locks may be held.
            await ReleaseAsync(connection);
            if (exception is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
                throw new MigrationException($"Another migration has been running for longer than {timeout}.", exception);
            throw;
        }
    }

    public ValueTask DisposeAsync() => ReleaseAsync(_connection);

    private static async ValueTask ReleaseAsync(NpgsqlConnection connection)
    {
        try
        {
            // The connection returns to a pool, where its session, and so the locks, would live on.
            await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            // The session is broken, and its locks have ended with it.
        }

        await connection.DisposeAsync();
    }
}
