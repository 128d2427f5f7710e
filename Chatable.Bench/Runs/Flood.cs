using System.Net.WebSockets;
using System.Text;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Runs;

/// <summary>
/// v1 clients that write to themselves, each as fast as TCP lets it or at its own pace, and read what comes back. One that the server
/// does not read waits in its kernel, and costs this program nothing.
/// </summary>
internal sealed class Flood : IAsyncDisposable
{
    private readonly List<ClientWebSocket> _sockets = [];
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _tasks = [];
    private long _written;

    /// <summary>Messages given to TCP.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <param name="seats">Where the clients connect.</param>
    /// <param name="pause">Between two messages of one client; null where it makes none.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static async Task<Flood> StartAsync(IEnumerable<Seat> seats, TimeSpan? pause, CancellationToken cancellationToken)
    {
        var flood = new Flood();
        try
        {
            foreach (var seat in seats)
            {
                var socket = new ClientWebSocket();
                flood._sockets.Add(socket);
                // "Authorization: Bearer …\r\n"
                var header = seat.Headers.Trim().Split(": ", 2);
                socket.Options.SetRequestHeader(header[0], header[1]);
                await socket.ConnectAsync(new Uri($"ws://{seat.Server}{seat.Path}"), cancellationToken);
                flood._tasks.Add(flood.WriteAsync(socket, seat.User, pause));
                flood._tasks.Add(flood.ReadAsync(socket));
            }

            return flood;
        }
        catch
        {
            await flood.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var socket in _sockets)
            socket.Abort();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var socket in _sockets)
            socket.Dispose();
        _end.Dispose();
    }

    private async Task WriteAsync(ClientWebSocket socket, string user, TimeSpan? pause)
    {
        var message = Encoding.UTF8.GetBytes($$"""{"author":"{{user}}","recipient":"{{user}}","message":"{{new string('x', 64)}}"}""");
        while (true)
        {
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, _end.Token);
            Interlocked.Increment(ref _written);
            if (pause is { } time)
                await Task.Delay(time, _end.Token);
        }
    }

    private async Task ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while ((await socket.ReceiveAsync(buffer, _end.Token)).MessageType != WebSocketMessageType.Close)
        {
            // What comes is not looked at.
        }
    }
}
