using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.Faults.Workload;

/// <summary>Connections that use up a server's file descriptors: half of them send nothing, the others send one request and stay.</summary>
internal sealed class RawCrowd : IAsyncDisposable
{
    private readonly List<Socket> _sockets = [];

    public async Task ConnectAsync(IPEndPoint server, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(socket);
            try
            {
                await socket.ConnectAsync(server, cancellationToken);
                if (i % 2 == 0)
                    await socket.SendAsync("GET /alive HTTP/1.1\r\nHost: chat\r\n\r\n"u8.ToArray(), cancellationToken);
            }
            catch (SocketException)
            {
                // Refused, as the server should.
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
