using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>The server's side of the opening handshake: RFC 6455, and RFC 8441 over HTTP/2.</summary>
internal static class Upgrade
{
    // The longest time that the framework accepts.
    private static readonly TimeSpan s_never = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Answers 101, or 200 over HTTP/2. <paramref name="subprotocol"/> is one that the client offered, or null.</summary>
    /// <returns>The byte stream after the handshake, for a socket that stays within its request.</returns>
    /// <exception cref="IOException">The client has disconnected.</exception>
    public static async Task<Stream> AcceptAsync(HttpContext context, string? subprotocol)
    {
        var headers = context.Response.Headers;
        if (subprotocol is not null)
            headers.SecWebSocketProtocol = subprotocol;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return await connect.AcceptAsync();

        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptOf(context.Request.Headers.SecWebSocketKey.ToString());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>
    /// Creates a socket on a connection that HTTP has released. For <paramref name="onUnmasked"/> see <see cref="FrameStream"/>.
    /// </summary>
    public static WebSocket CreateSocket(
        ConnectionContext connection, string? subprotocol, SocketTimes times, Pulse pulse, Action onUnmasked)
    {
        var stream = new TransportStream(connection, pulse, onUnmasked);
        return stream.Socket = CreateSocket(stream, subprotocol, times);
    }

    /// <summary>Creates a socket on the byte stream of a request. <paramref name="abort"/> ends the request.</summary>
    public static WebSocket CreateSocket(
        Stream bytes, string? subprotocol, SocketTimes times, Pulse pulse, Action onUnmasked, Action abort)
    {
        var stream = new RequestStream(bytes, pulse, onUnmasked, abort);
        return stream.Socket = CreateSocket(stream, subprotocol, times);
    }

    /// <summary>Sends the remaining bytes, with the close frame, within a time limit. Then ends the connection.</summary>
    public static async Task FinishAsync(ConnectionContext connection, TimeSpan atMost, TimeProvider clock)
    {
        await connection.Transport.Output.CompleteAsync();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.UnsafeRegister(_ => closed.TrySetResult(), null);
        try
        {
            await closed.Task.WaitAsync(atMost, clock);
        }
        catch (TimeoutException)
        {
            connection.Abort();
        }
    }

    private static WebSocket CreateSocket(FrameStream stream, string? subprotocol, SocketTimes times) =>
        WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            SubProtocol = subprotocol,
            KeepAliveInterval = times.Ping,
            // Setting any timeout enables pings. The pulse decides whether a client is gone for lack of a pong.
            KeepAliveTimeout = s_never,
        });

    // RFC 6455, 4.2.2: only proves that the server understood the handshake.
#pragma warning disable CA5350
    private static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
