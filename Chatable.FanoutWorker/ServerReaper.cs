using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker;

/// <summary>Removes the remains of servers that died without deregistering. Every worker does this; duplicates are harmless.</summary>
internal sealed partial class ServerReaper(
    ServerRegistry registry, ServerQueue queue, IOptions<FanoutOptions> options, FanoutMetrics metrics, TimeProvider time,
    ILogger<ServerReaper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ReapInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TryReapAsync(stoppingToken);
    }

    private async Task TryReapAsync(CancellationToken cancellationToken)
    {
        try
        {
            var servers = await registry.ReapAsync(queue.DeleteAsync, cancellationToken);
            if (servers == 0)
                return;
            metrics.Reaped(servers);
            Log.Reaped(logger, servers);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.ReapFailed(logger, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed what {Servers} dead servers left behind.")]
        public static partial void Reaped(ILogger logger, int servers);

        [LoggerMessage(LogLevel.Warning, "Could not look for dead servers. The next round tries again.")]
        public static partial void ReapFailed(ILogger logger, Exception failure);
    }
}
