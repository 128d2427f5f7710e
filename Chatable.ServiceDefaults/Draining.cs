using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Whether this process is on its way out: it finishes what it has and takes on nothing new. Once true it stays true.
/// Readiness says so, and load balancers look elsewhere.
/// </summary>
public sealed class Draining(IHostApplicationLifetime lifetime) : IDisposable
{
    private readonly CancellationTokenSource _begun = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);

    public bool IsDraining => _begun.IsCancellationRequested;

    /// <summary>Cancelled when it begins: for those who would otherwise wait on.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Drains without being told to stop, as before a deployment takes the process away.</summary>
    public void Begin() => _begun.Cancel();

    public void Dispose() => _begun.Dispose();
}

internal sealed class DrainingHealthCheck(Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(draining.IsDraining ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());
}
