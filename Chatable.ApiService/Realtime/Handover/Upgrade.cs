using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>The server's part of RFC 6455's opening handshake, where the socket is to run on the bare transport.</summary>
internal static class Upgrade
{
    /// <summary>
    /// Answers 101, over HTTP/2 200; <paramref name="subprotocol"/> is one that the client offered, or null. What comes is the stream that
    /// HTTP has for the socket.
    /// </summary>
    /// <exception cref="IOException">The client has gone.</exception>
    public static async Task<Stream> AcceptAsync(HttpContext context, string? subprotocol)
    {
        var headers = context.Response.Headers;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            if (subprotocol is not null)
                headers.SecWebSocketProtocol = subprotocol;
            return await connect.AcceptAsync();
        }

        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptOf(context.Request.Headers.SecWebSocketKey.ToString());
        if (subprotocol is not null)
            headers.SecWebSocketProtocol = subprotocol;
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>The socket after the handshake, on the transport that HTTP has left.</summary>
    public static WebSocket CreateSocket(ConnectionContext connection, string? subprotocol, SocketTimes times, Pulse pulse)
    {
        var stream = new TransportStream(connection, pulse);
        return stream.Socket = CreateSocket(stream, subprotocol, times);
    }

    /// <summary>The socket after the handshake, on the stream that HTTP has for it.</summary>
    public static WebSocket CreateSocket(Stream stream, string? subprotocol, SocketTimes times) =>
        WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            SubProtocol = subprotocol,
            KeepAliveInterval = times.Ping,
            KeepAliveTimeout = times.Pong,
        });

    /// <summary>Sends what was written last, the close frame, for as long as the client takes it in time; then the connection is over.</summary>
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

    // RFC 6455, 4.2.2: proves that the handshake was understood, and nothing else.
#pragma warning disable CA5350
    private static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
