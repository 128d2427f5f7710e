using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// Checks that the database schema is at least as new as this build requires. A newer schema also works: during a deployment the migration
/// runs before the last old replica is gone.
/// </summary>
public sealed class SchemaCheck(NpgsqlDataSource database) : IHealthCheck
{
    // Reads the migration service's journal. Scripts are applied in the order of their names, and none is ever reverted. Also checks the
    // rights that are first needed after a promotion: until then everything works without them.
    private const string IsApplied = """
        SELECT EXISTS (SELECT FROM public.schema_versions WHERE scriptname = $1),
               coalesce(has_table_privilege(to_regclass('log_epoch'), 'UPDATE')
                        AND has_table_privilege(to_regclass('past_log_epochs'), 'SELECT')
                        AND has_table_privilege(to_regclass('past_log_epochs'), 'INSERT'), true)
        """;

    /// <summary>The last of the migration scripts in this build's source, such as <c>0005_messages_by_place.sql</c>.</summary>
    public static string Needed { get; } = typeof(SchemaCheck).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "MigrationScripts").Value!.Split(';').Max(StringComparer.Ordinal)!;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var (isApplied, mayBeginEpochs) = await database.AskAsync(ReadAsync, cancellationToken);
            return !isApplied ? HealthCheckResult.Unhealthy($"The database is older than this build: {Needed} was not applied.")
                : !mayBeginEpochs ? HealthCheckResult.Degraded("The service's role may not write log_epoch and past_log_epochs.")
                : HealthCheckResult.Healthy();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return HealthCheckResult.Unhealthy("The database was never migrated.");
        }
    }

    private static async Task<(bool IsApplied, bool MayBeginEpochs)> ReadAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(IsApplied, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Needed });
        await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
        await row.ReadAsync(CancellationToken.None);
        return (row.GetBoolean(0), row.GetBoolean(1));
    }
}

public static class SchemaCheckSetup
{
    /// <summary>Keeps the process unready until the schema is current. Requires an <see cref="NpgsqlDataSource"/>.</summary>
    public static IServiceCollection AddSchemaCheck(this IServiceCollection services)
    {
        services.AddSingleton<SchemaCheck>();
        services.AddHealthChecks().AddCheck<SchemaCheck>("schema");
        return services;
    }
}
