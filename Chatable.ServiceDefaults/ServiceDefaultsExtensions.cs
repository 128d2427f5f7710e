using Chatable.ServiceDefaults.Outages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>The setup that all Chatable processes share.</summary>
public static class ServiceDefaultsExtensions
{
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddTelemetry();
        builder.AddOutageReports();
        builder.AddDefaultHealthChecks();
        builder.AddDiscovery();
        builder.Services.AddSettingNames();
        builder.Services.AddHostedService<FailureExitCode>();
        builder.Services.AddHostedService<AssemblyPreload>();
        return builder;
    }

    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealth();
        return app;
    }
}
