using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>One connection through the proxy: a socket on each side, and a pump for each direction.</summary>
internal sealed class ProxyLink(FaultProxy proxy, Socket client)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    // How long a server has to act on what it saw last, before its side of the connection ends as well.
    private static readonly TimeSpan s_aftermath = TimeSpan.FromSeconds(2);

    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Whether the server has closed or reset its side, though the client may not have heard of it.</summary>
    public bool ServerHasEnded { get; private set; }

    public async Task RunAsync(IPEndPoint server, CancellationToken stop)
    {
        client.NoDelay = true;
        try
        {
            await WaitWhileAsync(() => proxy.Up.IsWayOff, stop);
            await _server.ConnectAsync(server, stop);
            var up = new Pump(client, _server, () => proxy.Up, stop) { Silenced = proxy.CountCut, Rewrite = proxy.Rewrite };
            var down = new Pump(_server, client, () => proxy.Down, stop)
            {
                Silenced = proxy.CountCut,
                SenderEnded = () => ServerHasEnded = true,
            };
            await RunAsync(up, down);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset();
        }
    }

    public void Reset()
    {
        Reset(client);
        Reset(_server);
    }

    private async Task RunAsync(Pump up, Pump down)
    {
        Task<PumpEnd>[] pumps = [up.RunAsync(), down.RunAsync()];
        while (pumps.Length > 0)
        {
            var ended = await Task.WhenAny(pumps);
            switch (await ended)
            {
                case PumpEnd.Cut:
                    proxy.CountCut();
                    Reset();
                    break;
                case PumpEnd.CutAfter:
                    proxy.CountCut();
                    await EndSlowlyAsync(ended == pumps[0] ? (client, _server) : (_server, client));
                    break;
                case PumpEnd.Broken:
                    Reset();
                    break;
            }

            pumps = [.. pumps.Where(pump => pump != ended)];
        }

        client.Dispose();
        _server.Dispose();
    }

    // The sender is gone for the receiver, but what was sent before it is still read: a reset would wipe it out of the buffers.
    private static async Task EndSlowlyAsync((Socket Sender, Socket Receiver) sides)
    {
        Reset(sides.Sender);
        using var timeout = new CancellationTokenSource(s_aftermath);
        try
        {
            sides.Receiver.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await sides.Receiver.ReceiveAsync(buffer, timeout.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It had its time.
        }

        Reset(sides.Receiver);
    }

    internal static async Task WaitWhileAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (condition())
            await Task.Delay(s_look, cancellationToken);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }
}
