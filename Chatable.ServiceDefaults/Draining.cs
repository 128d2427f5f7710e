using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Whether this process is shutting down: it finishes its pending work and accepts nothing new. Once true, it stays true. The readiness
/// check reports it, so load balancers choose other processes.
/// </summary>
public sealed class Draining(IHostApplicationLifetime lifetime) : IDisposable
{
    private readonly CancellationTokenSource _begun = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);

    public bool IsDraining => _begun.IsCancellationRequested;

    /// <summary>Cancelled when draining begins, to end pending waits.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Begins draining before the process is told to stop, as before a deployment removes it.</summary>
    public void Begin() => _begun.Cancel();

    public void Dispose() => _begun.Dispose();
}

internal sealed class DrainingHealthCheck(Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(draining.IsDraining ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());
}
