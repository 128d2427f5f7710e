using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Chatable.ServiceDefaults;

internal static class Health
{
    /// <summary>Whether the service may receive traffic. Runs all checks: stores reachable, schema applied, not draining.</summary>
    public const string ReadinessPath = "/health";

    /// <summary>Whether the process is alive. Fails only if a restart would help.</summary>
    public const string LivenessPath = "/alive";

    private const string LiveTag = "live";
    private const string ReadyTag = "ready";

    // A slow store then yields "Unhealthy" instead of no response.
    private static readonly TimeSpan s_checkTimeout = TimeSpan.FromSeconds(5);

    public static void AddDefaultHealthChecks(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<Draining>();
        builder.Services.AddOptions<HealthOptions>().BindConfiguration(HealthOptions.Section);
        builder.Services.AddHealthChecks()
            .AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag])
            .AddCheck<DrainingHealthCheck>("draining", tags: [ReadyTag]);
        builder.Services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var registration in options.Registrations.Where(registration => registration.Timeout == Timeout.InfiniteTimeSpan))
            {
                var make = registration.Factory;
                (registration.Timeout, registration.Factory) = (s_checkTimeout, services => new EndingCheck(make(services)));
            }
        });
    }

    /// <summary>
    /// Maps the endpoints in every environment, because container probes need them. The response is one word, because anyone may ask. Only
    /// <see cref="HealthOptions.Details"/> adds the unhealthy checks and their reasons.
    /// </summary>
    public static void MapHealth(this WebApplication app)
    {
        var details = app.Services.GetRequiredService<IOptions<HealthOptions>>().Value.Details ?? app.Environment.IsDevelopment();
        app.MapHealthChecks(ReadinessPath, new HealthCheckOptions { ResponseWriter = details ? WriteDetailsAsync : WriteWordAsync })
            .AllowAnonymous().DisableHttpMetrics();
        app.MapHealthChecks(LivenessPath, new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) })
            .AllowAnonymous().DisableHttpMetrics();
    }

    private static Task WriteWordAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(report.Status.ToString());
    }

    // Only a check's own description: an exception's message may contain host names.
    private static Task WriteDetailsAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        var unwell = report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy).Select(check =>
            $"\n{check.Key}: {(check.Value.Exception is null ? check.Value.Description : null) ?? check.Value.Status.ToString()}");
        return context.Response.WriteAsync($"{report.Status}{string.Concat(unwell)}");
    }

    public static bool IsProbe(HttpContext context) =>
        context.Request.Path.StartsWithSegments(ReadinessPath) || context.Request.Path.StartsWithSegments(LivenessPath);

    // A check may not end when it is cancelled: Npgsql first waits until the server confirms that a command is cancelled.
    private sealed class EndingCheck(IHealthCheck check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            check.CheckHealthAsync(context, cancellationToken).WaitAsync(cancellationToken);
    }
}
