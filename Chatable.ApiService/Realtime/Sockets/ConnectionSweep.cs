namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>Looks at every connection's deadlines: one timer for all of them, since idle connections are many.</summary>
internal sealed class ConnectionSweep(ConnectionTable connections, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var connection in connections.All)
                connection.Sweep();
        }
    }
}
