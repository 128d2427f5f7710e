using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>Asks an unavailable store every second whether it answers again, because the failed calls may not be repeated.</summary>
internal sealed class OutageWatch(
    OutageLoggers loggers, IServiceScopeFactory scopes, IOptions<HealthCheckServiceOptions> checks, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host that ends without being stopped, as after a failed migration, would report this exception as a failure.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var outage in loggers.Outages.Where(outage => outage.IsOut))
        {
            if (await AnswersAsync(outage.Store, cancellationToken))
                outage.Answer();
            outage.Remind();
        }
    }

    // Runs the checks directly, because the health check service logs each failure.
    private async Task<bool> AnswersAsync(string store, CancellationToken cancellationToken)
    {
        using var scope = scopes.CreateScope();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_interval);
        try
        {
            foreach (var check in checks.Value.Registrations.Where(check => StoreFailure.StoreOfCheck(check.Name) == store))
            {
                var result = await check.Factory(scope.ServiceProvider)
                    .CheckHealthAsync(new HealthCheckContext { Registration = check }, timeout.Token);
                if (result.Status != HealthStatus.Healthy)
                    return false;
            }

            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
