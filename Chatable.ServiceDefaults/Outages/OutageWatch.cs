using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Chatable.ServiceDefaults.Outages;

/// <summary>Asks a store that does not serve, each second, whether it does again: the calls that failed may not be made any more.</summary>
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
            // A host that ends without having been stopped, as after a failed migration, would take it for a failure.
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

    // The checks themselves, since the service that runs them logs each failure.
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
