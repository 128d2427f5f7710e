using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

internal static class Health
{
    /// <summary>May it be sent work? All checks: stores reachable, not draining.</summary>
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

    /// <summary>In every environment, for container probes need them; one word each, for anybody may ask.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks(ReadinessPath).AllowAnonymous().DisableHttpMetrics();
        app.MapHealthChecks(LivenessPath, new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) })
            .AllowAnonymous().DisableHttpMetrics();
    }

    // A check may not end when it is told to: Npgsql first waits for the server to take its word that a command is cancelled.
    private sealed class EndingCheck(IHealthCheck check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            check.CheckHealthAsync(context, cancellationToken).WaitAsync(cancellationToken);
    }

    public static bool IsProbe(HttpContext context) =>
        context.Request.Path.StartsWithSegments(ReadinessPath) || context.Request.Path.StartsWithSegments(LivenessPath);
}
