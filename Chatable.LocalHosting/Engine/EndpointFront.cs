using System.Net;
using System.Net.Sockets;

namespace Chatable.LocalHosting;

/// <summary>
/// The public address of an endpoint: a TCP listener that hands each connection to one of the replicas in turn, passing over those
/// that do not answer. It forwards bytes and knows nothing of HTTP, so WebSockets pass untouched.
/// </summary>
internal sealed class EndpointFront : IDisposable
{
    private readonly List<Socket> _listeners;
    private readonly Func<IEnumerable<int>> _nextPorts;
    private readonly CancellationTokenSource _closing = new();

    private EndpointFront(List<Socket> listeners, Func<IEnumerable<int>> nextPorts)
    {
        _listeners = listeners;
        _nextPorts = nextPorts;
        foreach (var listener in listeners)
            _ = AcceptAsync(listener);
    }

    /// <param name="resourceName">For the message about a taken port.</param>
    /// <param name="endpoint">Learns its address.</param>
    /// <param name="port">The public port; null for any free one.</param>
    /// <param name="nextPorts">The replicas' ports to try for one connection, best first; asked anew for each.</param>
    /// <exception cref="DistributedApplicationException">The port is taken.</exception>
    public static EndpointFront Open(string resourceName, EndpointAnnotation endpoint, int? port, Func<IEnumerable<int>> nextPorts)
    {
        var chosen = port ?? FreePorts.Take();
        List<Socket> listeners = [];
        try
        {
            listeners.Add(Listen(IPAddress.Loopback, chosen));
            if (Socket.OSSupportsIPv6)
                listeners.Add(Listen(IPAddress.IPv6Loopback, chosen));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable && listeners.Count > 0)
        {
            // No ::1 on this machine; 127.0.0.1 does.
        }
        catch (SocketException e)
        {
            listeners.ForEach(listener => listener.Dispose());
            throw new DistributedApplicationException(e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"Port {chosen}, which '{resourceName}' wants for its endpoint '{endpoint.Name}', is taken by another program."
                : $"'{resourceName}' cannot listen on port {chosen}: {e.Message}.", e);
        }

        endpoint.AllocatedEndpoint = new(endpoint.UriScheme, "localhost", chosen);
        return new(listeners, nextPorts);
    }

    /// <summary>Takes no more connections; those there are go on.</summary>
    public void StopAccepting() => _listeners.ForEach(listener => listener.Dispose());

    public void Dispose()
    {
        StopAccepting();
        _closing.Cancel();
    }

    private static Socket Listen(IPAddress address, int port)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen(512);
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                _ = ForwardAsync(await listener.AcceptAsync(_closing.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException)
            {
                // Out of file descriptors, or a client that was gone before it was accepted.
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using (client)
        {
            using var replica = await ConnectAsync();
            if (replica is not null)
                await ConnectionRelay.RunAsync(client, replica, _closing.Token);
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        foreach (var port in _nextPorts())
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _closing.Token);
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
            }
        }

        return null;
    }
}
