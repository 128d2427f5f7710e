using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// Checks whether PostgreSQL answers. Replaces Aspire's own check, which cancels a slow query through the driver. On a silent network each
/// of its probes would hold a thread and a connection indefinitely.
/// </summary>
public sealed class DatabaseCheck(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT 1", connection);
            return await command.ExecuteScalarAsync(CancellationToken.None);
        }, cancellationToken);
        return HealthCheckResult.Healthy();
    }
}

public static class DatabaseCheckSetup
{
    /// <summary>Registers the check under the name of Aspire's check, which must be disabled.</summary>
    public static IServiceCollection AddDatabaseCheck(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<DatabaseCheck>("PostgreSql");
        return services;
    }
}
