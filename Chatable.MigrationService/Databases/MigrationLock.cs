using System.Globalization;
using Npgsql;

namespace Chatable.MigrationService.Databases;

/// <summary>
/// The right to migrate one database: a PostgreSQL advisory lock, held by a session of its own and gone with it, however the process ends.
/// Behind a pooler that shares sessions between transactions (PgBouncer) it would hold nothing: migrate by a direct connection.
/// </summary>
internal sealed class MigrationLock : IAsyncDisposable
{
    private const long Key = 0x63_68_61_74_61_62_6C_65; // "chatable"

    private readonly NpgsqlConnection _connection;

    private MigrationLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Waits for the lock; takes over the connection.</summary>
    /// <exception cref="MigrationException">Another migration holds it for longer than <paramref name="timeout"/>.</exception>
    public static async Task<MigrationLock> TakeAsync(NpgsqlConnection connection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var milliseconds = ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            await using var command = new NpgsqlCommand($"SET lock_timeout = {milliseconds}; SELECT pg_advisory_lock({Key})", connection)
            {
                CommandTimeout = 0,
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new MigrationLock(connection);
        }
        catch (Exception exception)
        {
            await connection.DisposeAsync();
            if (exception is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
                throw new MigrationException($"Another migration has been running for longer than {timeout}.", exception);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The connection goes back to a pool, where its session, and so the lock, would live on.
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_unlock({Key})", _connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            // The session is broken, and the lock is gone with it.
        }
        await _connection.DisposeAsync();
    }
}
