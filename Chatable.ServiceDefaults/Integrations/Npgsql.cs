using Chatable.ServiceDefaults.Integrations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

// The namespace, names and settings keys are those of the package Aspire.Npgsql, which takes this file's place where UseAspire is true.
#pragma warning disable IDE0130 // Namespace does not match folder structure
namespace Microsoft.Extensions.Hosting
{
    public static class AspirePostgreSqlNpgsqlExtensions
    {
        private const string Section = "Aspire:Npgsql";

        /// <summary>Registers <see cref="NpgsqlDataSource"/>, its health check ("PostgreSql"), spans and metrics ("Npgsql").</summary>
        /// <param name="builder">The process.</param>
        /// <param name="connectionName">The name below <c>ConnectionStrings</c>.</param>
        /// <param name="configureSettings">Has the last word on the settings.</param>
        /// <param name="configureDataSourceBuilder">Has the last word on the data source.</param>
        public static void AddNpgsqlDataSource(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<NpgsqlSettings>? configureSettings = null,
            Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null) =>
            Add(builder, connectionName, serviceKey: null, configureSettings, configureDataSourceBuilder);

        /// <summary>The same under a key, for a second database.</summary>
        public static void AddKeyedNpgsqlDataSource(
            this IHostApplicationBuilder builder,
            string name,
            Action<NpgsqlSettings>? configureSettings = null,
            Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null) =>
            Add(builder, name, serviceKey: name, configureSettings, configureDataSourceBuilder);

        private static void Add(
            IHostApplicationBuilder builder,
            string connectionName,
            string? serviceKey,
            Action<NpgsqlSettings>? configureSettings,
            Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentException.ThrowIfNullOrEmpty(connectionName);

            var settings = new NpgsqlSettings();
            builder.BindSettings(Section, connectionName, settings);
            settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
            configureSettings?.Invoke(settings);

            builder.Services.AddNpgsqlDataSource(
                settings.ConnectionString ?? "",
                source =>
                {
                    // Not before the data source is asked for: then there is a logger to tell of it.
                    if (string.IsNullOrWhiteSpace(settings.ConnectionString))
                        throw new InvalidOperationException(MissingConnectionString(connectionName));
                    configureDataSourceBuilder?.Invoke(source);
                },
                serviceKey: serviceKey);

            if (!settings.DisableHealthChecks)
            {
                builder.TryAddHealthCheck(
                    serviceKey is null ? "PostgreSql" : $"PostgreSql_{serviceKey}",
                    services => new NpgsqlHealthCheck(services.GetRequiredKeyedService<NpgsqlDataSource>(serviceKey)));
            }
            if (!settings.DisableTracing)
                builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddNpgsql());
            if (!settings.DisableMetrics)
                builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Npgsql"));
        }

        private static string MissingConnectionString(string connectionName) =>
            $"ConnectionString is missing. It should be provided in 'ConnectionStrings:{connectionName}' "
            + $"or under the 'ConnectionString' key in '{Section}' configuration section.";
    }
}

namespace Chatable.ServiceDefaults.Integrations
{
    /// <summary>Sections <c>Aspire:Npgsql</c> and <c>Aspire:Npgsql:{connectionName}</c>, the second over the first.</summary>
    public sealed class NpgsqlSettings
    {
        /// <summary>What <c>ConnectionStrings:{connectionName}</c> says, where it says anything.</summary>
        public string? ConnectionString { get; set; }

        public bool DisableHealthChecks { get; set; }

        public bool DisableTracing { get; set; }

        public bool DisableMetrics { get; set; }
    }

    internal sealed class NpgsqlHealthCheck(NpgsqlDataSource database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var command = database.CreateCommand("SELECT 1;");
                await command.ExecuteScalarAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (NpgsqlException exception)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: exception);
            }
        }
    }
}
