using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chatable.Tests.Support;

/// <summary>
/// A client's WebSocket, v1 unless a subprotocol is requested. It waits for frames, not for a time; only a failing test reaches the limit.
/// </summary>
public sealed class ChatSocket : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private ChatSocket(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    /// <summary>The replica that answered the handshake.</summary>
    public string Server => Socket.HttpResponseHeaders!["X-Chatable-Server"].Single();

    public static async Task<ChatSocket> ConnectAsync(
        Uri server, ChatToken token, CancellationToken cancellationToken, Action<ClientWebSocketOptions>? configure = null)
    {
        FrameSchema.Load();
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token.ToJwt()}");
        socket.Options.CollectHttpResponseDetails = true;
        configure?.Invoke(socket.Options);
        try
        {
            await socket.ConnectAsync(AddressOf(server), cancellationToken);
        }
        catch (WebSocketException exception)
        {
            exception.Data["status"] = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw;
        }

        return new ChatSocket(socket);
    }

    /// <summary>Connects until a replica answers that is not one of <paramref name="servers"/>.</summary>
    public static async Task<ChatSocket> ConnectElsewhereAsync(
        Uri server, ChatToken token, IReadOnlyCollection<string> servers, CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = await ConnectAsync(server, token, cancellationToken);
            if (!servers.Contains(socket.Server))
                return socket;
            await socket.DisposeAsync();
        }
    }

    public static Uri AddressOf(Uri server) => new UriBuilder(server) { Scheme = "ws", Path = "/api/ws" }.Uri;

    /// <summary>A frame that is valid in v1.</summary>
    public static string Frame(string? author, string recipient, string message)
    {
        var frame = new JsonObject { ["author"] = author, ["recipient"] = recipient, ["message"] = message }.ToJsonString();
        FrameSchema.V1.AssertSentByClient(JsonDocument.Parse(frame).RootElement);
        return frame;
    }

    public Task SendAsync(ChatUser recipient, string message, CancellationToken cancellationToken) =>
        SendAsync(Frame(null, recipient.Username, message), cancellationToken);

    public Task SendAsync(string frame, CancellationToken cancellationToken) =>
        Socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    /// <summary>The next frame; fails if none arrives or the connection ends.</summary>
    public async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken) =>
        await NextAsync(cancellationToken) ?? throw new InvalidOperationException($"Closed with {(int?)Socket.CloseStatus}.");

    /// <summary>The server's close code; skips the frames before it.</summary>
    public async Task<int?> WaitForCloseAsync(CancellationToken cancellationToken)
    {
        while (await NextAsync(cancellationToken) is not null)
        {
        }

        return (int?)Socket.CloseStatus;
    }

    public ValueTask DisposeAsync()
    {
        Socket.Dispose();
        return ValueTask.CompletedTask;
    }

    // In every test, what the server sends must match the AsyncAPI document.
    private JsonElement Check(JsonElement frame)
    {
        FrameSchema.Of(Socket.SubProtocol).AssertSentByServer(frame);
        return frame;
    }

    private async Task<JsonElement?> NextAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_patience);
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, 2 * length);
            var part = await Socket.ReceiveAsync(buffer.AsMemory(length), timeout.Token);
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            length += part.Count;
            if (part.EndOfMessage)
                return Check(JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement.Clone());
        }
    }
}

internal static class FrameFields
{
    public static string? Text(this JsonElement frame, string field) => frame.GetProperty(field).GetString();

    public static long Number(this JsonElement frame, string field) => frame.GetProperty(field).GetInt64();

    public static bool Has(this JsonElement frame, string field) => frame.TryGetProperty(field, out _);

    public static int ErrorCode(this JsonElement frame) => frame.GetProperty("error").GetProperty("code").GetInt32();

    public static string? ErrorOf(this JsonElement frame, string field) =>
        frame.GetProperty("error").GetProperty("errors").Text(field);
}
