using System.Net;
using System.Net.WebSockets;
using Chatable.Client.Accounts;

namespace Chatable.Client.Connections;

/// <summary>The handshake failed.</summary>
/// <param name="answer">What was answered; null where nothing was.</param>
/// <param name="wasSignedInTime">False where the answer told that this device's clock is wrong.</param>
/// <param name="inner">What happened.</param>
internal sealed class HandshakeException(ServerAnswer? answer, bool wasSignedInTime, Exception inner)
    : Exception($"The handshake failed ({answer?.Status ?? 0}).", inner)
{
    public ServerAnswer? Answer => answer;

    public bool WasSignedInTime => wasSignedInTime;
}

/// <summary>Opens WebSockets with a token, to one server after the other.</summary>
internal sealed class Dialer(ServerAddresses servers, ConnectionOptions options, ServerClock clock, TimeProvider time)
{
    private const string Protocol = "chatable.v2";

    // As the handler that a ClientWebSocket makes for itself: every connection is its own, so that there is nothing to pool or dispose.
    private static readonly SocketsHttpHandler s_http = new() { PooledConnectionLifetime = TimeSpan.Zero, UseCookies = false };

    /// <exception cref="HandshakeException">It failed; the next attempt goes to the next server.</exception>
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
        // Whatever went wrong, finding a server included, there is no connection.
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
        // Besides the protocol's own: these are answered below the application, and find a peer that vanished while reading pauses.
        socket.KeepAliveInterval = options.KeepAlive;
        socket.KeepAliveTimeout = options.KeepAlive;
    }

    // A ClientWebSocket tells the status of an answer, but not who gave it.
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
