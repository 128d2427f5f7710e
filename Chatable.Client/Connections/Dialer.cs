using System.Net;
using System.Net.WebSockets;
using Chatable.Client.Accounts;

namespace Chatable.Client.Connections;

/// <summary>The handshake failed.</summary>
/// <param name="answer">The server's response. Null if there was none.</param>
/// <param name="wasSignedInTime">False if the response showed that this device's clock is wrong.</param>
/// <param name="inner">The cause.</param>
internal sealed class HandshakeException(ServerAnswer? answer, bool wasSignedInTime, Exception inner)
    : Exception($"The handshake failed ({answer?.Status ?? 0}).", inner)
{
    public ServerAnswer? Answer => answer;

    public bool WasSignedInTime => wasSignedInTime;
}

/// <summary>Opens WebSockets with a token, trying one server after the other.</summary>
internal sealed class Dialer(ServerAddresses servers, ConnectionOptions options, ServerClock clock, TimeProvider time)
{
    private const string Protocol = "chatable.v2";

    // Configured like the default handler of a ClientWebSocket: connections are not shared, so there is nothing to pool or dispose.
    private static readonly SocketsHttpHandler s_http = new() { PooledConnectionLifetime = TimeSpan.Zero, UseCookies = false };

    /// <exception cref="HandshakeException">The handshake failed. The next attempt goes to the next server.</exception>
    public async Task<ClientSocket> ConnectAsync(ChatToken token, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var socket = new ClientWebSocket();
        var signedBy = clock.Offset;
        var handshake = new Listening(clock);
        try
        {
            Prepare(socket.Options, token);
            handshake.Server = await servers.GetAsync(either.Token).ConfigureAwait(false);
            using var http = new HttpMessageInvoker(handshake, disposeHandler: false);
            await socket.ConnectAsync(SocketAddress(handshake.Server), http, either.Token).ConfigureAwait(false);
            return socket.SubProtocol == Protocol
                ? new ClientSocket(socket)
                : throw new WebSocketException($"The server does not speak {Protocol}.");
        }
        // Any failure, including one to find a server, means that there is no connection.
        catch (Exception exception)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            servers.MoveOn();
            throw new HandshakeException(handshake.Answer, !clock.WasWrong(signedBy), exception);
        }
    }

    public static Uri SocketAddress(Uri server)
    {
        var address = new UriBuilder(ServerAddresses.At(server, "/api/ws"));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return address.Uri;
    }

    private void Prepare(ClientWebSocketOptions socket, ChatToken token)
    {
        socket.AddSubProtocol(Protocol);
        socket.SetRequestHeader("Authorization", ClientJwt.Bearer(token, clock.Now).ToString());
        // In addition to the protocol's own pings. These are answered below the application, and detect a lost peer while reading is
        // paused.
        socket.KeepAliveInterval = options.KeepAlive;
        socket.KeepAliveTimeout = options.KeepAlive;
    }

    // A ClientWebSocket reports the status of a response, but not who sent it.
    private sealed class Listening(ServerClock clock) : DelegatingHandler(s_http)
    {
        public Uri? Server { get; set; }

        public ServerAnswer? Answer { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            clock.Hear(response);
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
                Answer = await ServerAnswer.ReadAsync(response, Server!, request.RequestUri!, cancellationToken).ConfigureAwait(false);
            return response;
        }
    }
}
