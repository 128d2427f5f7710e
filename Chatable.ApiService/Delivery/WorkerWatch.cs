using Chatable.Messaging.Registry;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Checks whether any fan-out worker is alive. Without one, messages wait in the intake, and no sender can be told that a message is
/// stored.
/// </summary>
internal sealed partial class WorkerWatch(
    LiveWorkers workers, IOptions<WorkersOptions> options, DeliveryMetrics metrics, TimeProvider clock, ILogger<WorkerWatch> logger)
    : BackgroundService
{
    private long _seenAt = clock.GetTimestamp();
    private volatile bool _areMissing;

    /// <summary>
    /// Whether no worker has been seen for longer than <see cref="WorkersOptions.Patience"/>, as far as Redis has reported.
    /// </summary>
    public bool AreMissing => _areMissing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LookEvery, clock);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Runs one check.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        int live;
        try
        {
            live = await workers.CountAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Other components report that Redis is unavailable. The last known state is kept.
            return;
        }

        metrics.WorkersLive(live);
        if (live > 0)
            _seenAt = clock.GetTimestamp();
        var areMissing = live == 0 && clock.GetElapsedTime(_seenAt) >= options.Value.Patience;
        if (areMissing && !_areMissing)
            LogMissing();
        else if (_areMissing && !areMissing)
            LogBack(live);
        _areMissing = areMissing;
    }

    [LoggerMessage(LogLevel.Error, "No fan-out worker is alive. Messages wait in the intake until one is.")]
    private partial void LogMissing();

    [LoggerMessage(LogLevel.Information, "Fan-out workers are alive again: {Workers}.")]
    private partial void LogBack(int workers);
}

/// <summary>Degraded while workers are missing, or Unhealthy if workers are required.</summary>
internal sealed class WorkersCheck(WorkerWatch watch, IOptions<WorkersOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.AreMissing
            ? new HealthCheckResult(
                options.Value.RequiredForReadiness ? HealthStatus.Unhealthy : HealthStatus.Degraded,
                "No fan-out worker is alive: messages wait in the intake.")
            : HealthCheckResult.Healthy());
}
