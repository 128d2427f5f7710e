using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Chatable.Messaging;

/// <summary>
/// Whether PostgreSQL answers. In the place of Aspire's own check, which cancels what is not answered in time by way of the driver: where
/// the network is silent, each probe would hold a thread and a connection from then on.
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
    /// <summary>By the name of Aspire's check, which has to be switched off.</summary>
    public static IServiceCollection AddDatabaseCheck(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<DatabaseCheck>("PostgreSql");
        return services;
    }
}
