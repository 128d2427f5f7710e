using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.MigrationService.Databases;

/// <summary>Waits for PostgreSQL, and opens the database. Creates it if it is missing, because no deployment engine does.</summary>
internal sealed class DatabaseCreation(
    [FromKeyedServices(DatabaseCreation.MaintenanceDatabase)] NpgsqlDataSource maintenance,
    IOptions<MigrationOptions> options,
    TimeProvider time,
    ILogger<DatabaseCreation> logger)
{
    /// <summary>Exists in every cluster, including Azure's and Amazon's.</summary>
    public const string MaintenanceDatabase = "postgres";

    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(500);

    public static void UseMaintenanceDatabase(NpgsqlDataSourceBuilder source)
    {
        source.ConnectionStringBuilder.Database = MaintenanceDatabase;
        source.ConnectionStringBuilder.Pooling = false; // one connection for one statement
    }

    /// <exception cref="NpgsqlException">The database could not be reached in time, or this user may not create it.</exception>
    public async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await OpenOrCreateAsync(database, cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsTransient && time.GetElapsedTime(started) < options.Value.StartTimeout)
            {
                Log.NotUpYet(logger, exception);
                await Task.Delay(s_retryDelay, time, cancellationToken);
            }
        }
    }

    private async Task<NpgsqlConnection> OpenOrCreateAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        try
        {
            return await database.OpenConnectionAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await CreateAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!, cancellationToken);
            return await database.OpenConnectionAsync(cancellationToken);
        }
    }

    private async Task CreateAsync(string database, CancellationToken cancellationToken)
    {
        using var quoting = new NpgsqlCommandBuilder();
        try
        {
            // From template0, because template1 cannot be copied while anyone is connected to it.
            await using var command = maintenance.CreateCommand(
                $"CREATE DATABASE {quoting.QuoteIdentifier(database)} TEMPLATE template0 ENCODING 'UTF8'");
            await command.ExecuteNonQueryAsync(cancellationToken);
            Log.DatabaseCreated(logger, database);
        }
        catch (PostgresException exception)
            when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another migrator created it first: before this attempt, or (unique violation) at the same moment.
        }
    }
}
