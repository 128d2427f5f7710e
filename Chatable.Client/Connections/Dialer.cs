using System.Net.WebSockets;
using Chatable.Client.Accounts;

namespace Chatable.Client.Connections;

/// <summary>The handshake failed.</summary>
/// <param name="status">What the server answered; 0 where none did.</param>
/// <param name="inner">What happened.</param>
internal sealed class HandshakeException(int status, Exception inner) : Exception($"The handshake failed ({status}).", inner)
{
    public int Status => status;
}

/// <summary>Opens WebSockets with a token, to one server after the other.</summary>
internal sealed class Dialer(ServerAddresses servers, ChatCredentials credentials, ConnectionOptions options, TimeProvider clock)
{
    private const string Protocol = "chatable.v2";

    /// <exception cref="HandshakeException">It failed; the next attempt goes to the next server.</exception>
    public async Task<ClientSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var socket = new ClientWebSocket();
        try
        {
            Prepare(socket.Options);
            await socket.ConnectAsync(SocketAddress(await servers.GetAsync(either.Token)), either.Token);
            return socket.SubProtocol == Protocol
                ? new ClientSocket(socket)
                : throw new WebSocketException($"The server does not speak {Protocol}.");
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            servers.MoveOn();
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new HandshakeException(status, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static Uri SocketAddress(Uri server)
    {
        var address = new UriBuilder(new Uri(server, "/api/ws"));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return address.Uri;
    }

    private void Prepare(ClientWebSocketOptions socket)
    {
        socket.AddSubProtocol(Protocol);
        socket.SetRequestHeader("Authorization", ClientJwt.Bearer(credentials.Token, clock.GetUtcNow()).ToString());
        socket.CollectHttpResponseDetails = true;
        // Besides the protocol's own: these are answered below the application, and find a peer that vanished while reading pauses.
        socket.KeepAliveInterval = options.KeepAlive;
        socket.KeepAliveTimeout = options.KeepAlive;
    }
}
