using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Whether this process is on its way out: it finishes what it has and takes on nothing new. Once true it stays true.
/// Readiness says so, and load balancers look elsewhere.
/// </summary>
public sealed class Draining(IHostApplicationLifetime lifetime)
{
    private volatile bool _begun;

    public bool IsDraining => _begun || lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Drains without being told to stop, as before a deployment takes the process away.</summary>
    public void Begin() => _begun = true;
}

internal sealed class DrainingHealthCheck(Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(draining.IsDraining ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());
}
