using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime;

/// <summary>
/// Disconnects the clients when the server is asked to stop. It runs while everything still works: the web server stops only afterwards,
/// and does not close WebSockets itself.
/// </summary>
internal sealed partial class Drain(
    ConnectionTable connections, InFlight inFlight, Draining draining, IOptions<RealtimeOptions> options, TimeProvider clock,
    ILogger<Drain> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        draining.Begin();
        var all = connections.Count;
        foreach (var connection in connections.All)
            connection.Session.StartDraining();
        try
        {
            if (!await inFlight.WaitForNoneAsync(options.Value.Drain.Sends, clock, cancellationToken))
                LogSendsLeft();
            await CloseAllAsync(cancellationToken);
            while (connections.Count > 0)
                await Task.Delay(s_poll, clock, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The host's time is up. The remaining connections end with the process.
        }

        LogDrained(all - connections.Count, connections.Count);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CloseAllAsync(CancellationToken cancellationToken)
    {
        var closing = connections.All.ToArray();
        var pause = closing.Length <= options.Value.Drain.AtOnce
            ? TimeSpan.Zero
            : options.Value.Drain.Spread / (closing.Length / options.Value.Drain.AtOnce + 1);
        foreach (var some in closing.Chunk(options.Value.Drain.AtOnce))
        {
            foreach (var connection in some)
                connection.Close(CloseCode.Stopping);
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Messages were still on their way to the intake when their time was up.")]
    private partial void LogSendsLeft();

    [LoggerMessage(LogLevel.Information, "Drained: {Closed} connections closed, {Left} left.")]
    private partial void LogDrained(int closed, int left);
}
