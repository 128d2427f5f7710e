using Chatable.ServiceDefaults.Integrations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

// The namespace, names and settings keys are those of the package Aspire.StackExchange.Redis, which takes this file's place where
// UseAspire is true.
#pragma warning disable IDE0130 // Namespace does not match folder structure
namespace Microsoft.Extensions.Hosting
{
    public static class AspireRedisExtensions
    {
        private const string Section = "Aspire:StackExchange:Redis";

        /// <summary>
        /// Registers <see cref="IConnectionMultiplexer"/>, its health check ("StackExchange.Redis") and spans
        /// ("OpenTelemetry.Instrumentation.StackExchangeRedis"). It connects when first asked for.
        /// </summary>
        /// <param name="builder">The process.</param>
        /// <param name="connectionName">The name below <c>ConnectionStrings</c>.</param>
        /// <param name="configureSettings">Has the last word on the settings.</param>
        /// <param name="configureOptions">Has the last word on the client's options.</param>
        public static void AddRedisClient(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<StackExchangeRedisSettings>? configureSettings = null,
            Action<ConfigurationOptions>? configureOptions = null) =>
            Add(builder, connectionName, serviceKey: null, configureSettings, configureOptions);

        /// <summary>The same under a key, for a second server.</summary>
        public static void AddKeyedRedisClient(
            this IHostApplicationBuilder builder,
            string name,
            Action<StackExchangeRedisSettings>? configureSettings = null,
            Action<ConfigurationOptions>? configureOptions = null) =>
            Add(builder, name, serviceKey: name, configureSettings, configureOptions);

        private static void Add(
            IHostApplicationBuilder builder,
            string connectionName,
            string? serviceKey,
            Action<StackExchangeRedisSettings>? configureSettings,
            Action<ConfigurationOptions>? configureOptions)
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentException.ThrowIfNullOrEmpty(connectionName);

            var settings = new StackExchangeRedisSettings();
            builder.BindSettings(Section, connectionName, settings);
            settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
            configureSettings?.Invoke(settings);

            builder.Services.AddKeyedSingleton<IConnectionMultiplexer>(serviceKey, (services, _) =>
            {
                var options = Options(builder.Configuration, settings, connectionName, configureOptions);
                options.LoggerFactory ??= services.GetService<ILoggerFactory>();
                var connection = ConnectionMultiplexer.Connect(options);
                if (services.GetService<RedisSpans>() is { } spans)
                    connection.RegisterProfiler(spans.SessionOfCurrentActivity);
                return connection;
            });
            if (!settings.DisableAutoActivation)
                builder.Services.ActivateKeyedSingleton<IConnectionMultiplexer>(serviceKey);
            if (!settings.DisableTracing)
                AddSpans(builder.Services);
            if (!settings.DisableHealthChecks)
            {
                builder.TryAddHealthCheck(
                    serviceKey is null ? "StackExchange.Redis" : $"StackExchange.Redis_{serviceKey}",
                    services => new RedisHealthCheck(services, serviceKey));
            }
        }

        private static ConfigurationOptions Options(
            IConfiguration configuration,
            StackExchangeRedisSettings settings,
            string connectionName,
            Action<ConfigurationOptions>? configureOptions)
        {
            var options = string.IsNullOrWhiteSpace(settings.ConnectionString)
                ? new ConfigurationOptions()
                : ConfigurationOptions.Parse(settings.ConnectionString);
            if (options.Defaults.GetType() == typeof(DefaultOptionsProvider))
                options.Defaults = new RetryingConnections();
            configuration.GetSection($"{Section}:ConfigurationOptions").Bind(options);
            configuration.GetSection($"{Section}:{connectionName}:ConfigurationOptions").Bind(options);
            configureOptions?.Invoke(options);
            return options.EndPoints.Count > 0 ? options : throw new InvalidOperationException(
                "No endpoints specified. Ensure a valid connection string was provided in "
                + $"'ConnectionStrings:{connectionName}' or for the '{Section}:ConnectionString' configuration key.");
        }

        private static void AddSpans(IServiceCollection services)
        {
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<RedisSpans>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RedisSpanWriter>());
            services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(RedisSpans.SourceName));
        }

        private sealed class RetryingConnections : DefaultOptionsProvider
        {
            public override bool AbortOnConnectFail => false;
        }
    }
}

namespace Chatable.ServiceDefaults.Integrations
{
    /// <summary>Sections <c>Aspire:StackExchange:Redis</c> and <c>…:{connectionName}</c>, the second over the first.</summary>
    public sealed class StackExchangeRedisSettings
    {
        /// <summary>What <c>ConnectionStrings:{connectionName}</c> says, where it says anything.</summary>
        public string? ConnectionString { get; set; }

        public bool DisableHealthChecks { get; set; }

        public bool DisableTracing { get; set; }

        /// <summary>Whether to connect when first asked for rather than at the start.</summary>
        public bool DisableAutoActivation { get; set; } = true;
    }

    internal sealed class RedisHealthCheck(IServiceProvider services, string? serviceKey) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                var connection = services.GetRequiredKeyedService<IConnectionMultiplexer>(serviceKey);
                await connection.GetDatabase().PingAsync().WaitAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: exception);
            }
        }
    }
}
