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
    /// <summary>May it be sent work? All checks: stores reachable, schema applied, not draining.</summary>
    public const string ReadinessPath = "/health";

    /// <summary>Does it run at all? Nothing that a restart would not mend.</summary>
    public const string LivenessPath = "/alive";

    private const string LiveTag = "live";
    private const string ReadyTag = "ready";

    // Shorter than the probes of the platforms, which give up after a second to ten: a slow store answers "Unhealthy", not nothing.
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
    /// In every environment, for container probes need them. One word each, for anybody may ask; which checks are not well, and why,
    /// only where <see cref="HealthOptions.Details"/> says so.
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

    // What a check says itself; a failure's own words may name hosts.
    private static Task WriteDetailsAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        var unwell = report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy).Select(check =>
            $"\n{check.Key}: {(check.Value.Exception is null ? check.Value.Description : null) ?? check.Value.Status.ToString()}");
        return context.Response.WriteAsync($"{report.Status}{string.Concat(unwell)}");
    }

    public static bool IsProbe(HttpContext context) =>
        context.Request.Path.StartsWithSegments(ReadinessPath) || context.Request.Path.StartsWithSegments(LivenessPath);

    // A check may not end when it is told to: Npgsql first waits for the server to take its word that a command is cancelled.
    private sealed class EndingCheck(IHealthCheck check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            check.CheckHealthAsync(context, cancellationToken).WaitAsync(cancellationToken);
    }
}
