using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Chatable.Bench.References;

/// <summary>
/// The ceiling: one process, no stores. A frame goes as it came to the socket of the user it names. What is faster than this is not a
/// chat server in ASP.NET Core.
/// </summary>
internal static class RelayServer
{
    private const int MaxFrameBytes = 16 * 1024;

    public static WebApplication Create(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.UseWebSockets();
        var sockets = new ConcurrentDictionary<string, Outlet>();
        app.MapGet("/ws", context => ServeAsync(context, sockets));
        return app;
    }

    private static async Task ServeAsync(HttpContext context, ConcurrentDictionary<string, Outlet> sockets)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var outlet = new Outlet(socket);
        sockets[context.Request.Query["user"].ToString()] = outlet;
        var buffer = new byte[MaxFrameBytes];
        try
        {
            while (await ReceiveAsync(socket, buffer, context.RequestAborted) is { IsEmpty: false } frame)
            {
                if (sockets.TryGetValue(RecipientOf(frame.Span), out var recipient))
                    await recipient.SendAsync(frame, context.RequestAborted);
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // The client hung up.
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(WebSocket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.EndOfMessage || part.MessageType == WebSocketMessageType.Close)
                return part.MessageType == WebSocketMessageType.Close ? default : buffer.AsMemory(0, length);
            // A receive into nothing returns at once, for ever.
            if (length == buffer.Length)
                return default;
        }
    }

    private static string RecipientOf(ReadOnlySpan<byte> frame)
    {
        var json = new Utf8JsonReader(frame);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("recipient"u8) && json.Read())
                return json.GetString() ?? "";
        }

        return "";
    }

    /// <summary>One send at a time on a socket.</summary>
    private sealed class Outlet(WebSocket socket) : IDisposable
    {
        private readonly SemaphoreSlim _turn = new(1);

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (socket.State == WebSocketState.Open)
                    await socket.SendAsync(frame, WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, cancellationToken);
            }
            catch (WebSocketException)
            {
                // The recipient hung up; the sender goes on.
            }
            finally
            {
                _turn.Release();
            }
        }

        public void Dispose() => _turn.Dispose();
    }
}
