using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Chatable.Tests.Support;

/// <summary>Both ends of a WebSocket on a connection of its own.</summary>
internal sealed class SocketPair(WebSocket server, WebSocket client) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    public WebSocket Server => server;

    public WebSocket Client => client;

    public static async Task<SocketPair> OpenAsync(CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancellationToken);
        return new SocketPair(Over(await listener.AcceptTcpClientAsync(cancellationToken), isServer: true), Over(client, isServer: false));
    }

    /// <summary>The next frame written by the server, as text.</summary>
    public async Task<string> ReceiveAsync(CancellationToken cancellationToken)
    {
        for (var length = 0; ;)
        {
            var part = await client.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.EndOfMessage)
                return Encoding.UTF8.GetString(_buffer, 0, length);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    private static WebSocket Over(TcpClient client, bool isServer) =>
        WebSocket.CreateFromStream(client.GetStream(), new WebSocketCreationOptions { IsServer = isServer });
}
