namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>Checks every connection's deadlines. One timer serves all connections, because idle connections are many.</summary>
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
