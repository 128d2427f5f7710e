using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults.Integrations;

internal static class ConnectionSettings
{
    /// <summary>Fills in the settings from <c>{section}</c>, then from <c>{section}:{connectionName}</c>.</summary>
    public static void BindSettings(this IHostApplicationBuilder builder, string section, string connectionName, object settings)
    {
        var common = builder.Configuration.GetSection(section);
        common.Bind(settings);
        common.GetSection(connectionName).Bind(settings);
    }

    /// <summary>Adds a health check, unless one of that name was added before.</summary>
    public static void TryAddHealthCheck(this IHostApplicationBuilder builder, string name, Func<IServiceProvider, IHealthCheck> create)
    {
        if (builder.Properties.TryAdd($"Aspire.HealthChecks.{name}", true))
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(name, create, failureStatus: default, tags: default));
    }
}
