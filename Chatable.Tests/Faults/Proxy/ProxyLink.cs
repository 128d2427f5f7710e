using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>One connection through the proxy: a socket on each side, and a pump for each direction.</summary>
internal sealed class ProxyLink(FaultProxy proxy, Socket client)
{
    // IPPROTO_TCP, TCP_INFO and, in the first byte of struct tcp_info, TCP_CLOSE and TCP_CLOSE_WAIT of linux/tcp.h.
    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const byte Closed = 7;
    private const byte ClosedByPeer = 8;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_lookAtClient = TimeSpan.FromMilliseconds(100);

    // How long a server may act on its last bytes before its side of the connection ends too.
    private static readonly TimeSpan s_aftermath = TimeSpan.FromSeconds(2);

    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Whether the server has closed or reset its side; the client may not know yet.</summary>
    public bool ServerHasEnded { get; private set; }

    public async Task RunAsync(IPEndPoint server, CancellationToken stop)
    {
        client.NoDelay = true;
        try
        {
            if (!await ConnectAsync(server, stop))
            {
                Reset();
                return;
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var up = new Pump(client, _server, () => proxy.Up, over.Token) { Silenced = proxy.CountCut, Rewrite = proxy.Rewrite };
            var down = new Pump(_server, client, () => proxy.Down, over.Token)
            {
                Silenced = proxy.CountCut,
                SenderEnded = () => ServerHasEnded = true,
            };
            await RunAsync(up, down, over);
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

    // False if the client gave up: a frozen server accepts no connection for minutes, and thousands of abandoned ones would use up all file
    // descriptors.
    private async Task<bool> ConnectAsync(IPEndPoint server, CancellationToken stop)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var connecting = ConnectAsync();
        while (!connecting.IsCompleted)
        {
            if (HasClientGone())
                await given.CancelAsync();
            await Task.WhenAny(connecting, Task.Delay(s_lookAtClient, CancellationToken.None));
        }

        try
        {
            await connecting;
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }

        async Task ConnectAsync()
        {
            await WaitWhileAsync(() => proxy.Up.IsWayOff, given.Token);
            await _server.ConnectAsync(server, given.Token);
        }
    }

    private bool HasClientGone()
    {
        Span<byte> info = stackalloc byte[1];
        client.GetRawSocketOption(Tcp, TcpInfo, info);
        return info[0] is Closed or ClosedByPeer;
    }

    private async Task RunAsync(Pump up, Pump down, CancellationTokenSource over)
    {
        Task<PumpEnd>[] pumps = [up.RunAsync(), down.RunAsync()];
        var (fromClient, hasClientEnded) = (pumps[0], false);
        while (pumps.Length > 0)
        {
            var ended = await Task.WhenAny(pumps);
            switch (await ended)
            {
                case PumpEnd.Ended when ended == fromClient:
                    // No client here reads after it has closed its side, and a frozen server may not close for minutes.
                    hasClientEnded = true;
                    over.CancelAfter(s_aftermath);
                    break;
                case PumpEnd.Cut:
                    proxy.CountCut();
                    Reset();
                    break;
                case PumpEnd.CutAfter:
                    proxy.CountCut();
                    await EndSlowlyAsync(ended == fromClient ? (client, _server) : (_server, client));
                    break;
                // After the client's close, what it sent is still read: no reset.
                case PumpEnd.Broken when !hasClientEnded:
                    Reset();
                    break;
            }

            pumps = [.. pumps.Where(pump => pump != ended)];
        }

        client.Dispose();
        _server.Dispose();
    }

    // To the receiver the sender is gone, but what was sent before is still read: a reset would discard it from the buffers.
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
            // Its time is over.
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
            // Already disposed.
        }

        socket.Dispose();
    }
}
