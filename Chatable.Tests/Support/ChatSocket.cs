using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Chatable.Tests.Support;

/// <summary>A v1 client's WebSocket. Receiving waits for a frame, not for a time; the limit only ends a test that has failed.</summary>
internal sealed class ChatSocket : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ClientWebSocket _socket = new();
    private readonly ArrayBufferWriter<byte> _buffer = new();

    private ChatSocket() => _socket.Options.CollectHttpResponseDetails = true;

    /// <summary>The replica that answered the handshake.</summary>
    public string Server { get; private set; } = "";

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public static async Task<ChatSocket> ConnectAsync(Uri api, string token, CancellationToken cancellationToken)
    {
        var socket = new ChatSocket();
        socket._socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket._socket.ConnectAsync(new UriBuilder(api) { Scheme = "ws", Path = "/api/ws" }.Uri, cancellationToken);
        socket.Server = socket._socket.HttpResponseHeaders!["X-Chatable-Server"].Single();
        return socket;
    }

    /// <summary>Connects until a replica answers that is none of <paramref name="servers"/>.</summary>
    public static async Task<ChatSocket> ConnectElsewhereAsync(
        Uri api, string token, IReadOnlyCollection<string> servers, CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = await ConnectAsync(api, token, cancellationToken);
            if (!servers.Contains(socket.Server))
                return socket;
            await socket.DisposeAsync();
        }
    }

    public Task SendAsync(string author, string recipient, string message, CancellationToken cancellationToken) =>
        SendTextAsync(JsonSerializer.SerializeToUtf8Bytes(new { author, recipient, message }), cancellationToken);

    public Task SendTextAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).AsTask();

    /// <summary>The next frame; <c>null</c> once the server has closed.</summary>
    public async Task<JsonElement?> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        _buffer.ResetWrittenCount();
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.GetMemory(4096), limit.Token);
            if (read.MessageType == WebSocketMessageType.Close)
                return null;
            _buffer.Advance(read.Count);
            if (read.EndOfMessage)
                return JsonDocument.Parse(_buffer.WrittenMemory.ToArray()).RootElement;
        }
    }

    /// <summary>The text of the next frame, which has to be a message.</summary>
    public async Task<string> ReceiveMessageAsync(CancellationToken cancellationToken) =>
        (await ReceiveAsync(cancellationToken))!.Value.GetProperty("message").GetString()!;

    public async ValueTask DisposeAsync()
    {
        if (_socket.State == WebSocketState.Open)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
            catch (Exception error) when (error is WebSocketException or OperationCanceledException)
            {
                // The server was killed under it; the test has its own opinion on that.
            }
        }

        _socket.Dispose();
    }
}
