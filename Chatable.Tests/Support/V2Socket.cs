using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chatable.Tests.Support;

/// <summary>A v2 client's WebSocket, without automatic responses.</summary>
public sealed class V2Socket : IAsyncDisposable
{
    public const string Subprotocol = "chatable.v2";

    private readonly ChatSocket _socket;

    private V2Socket(ChatSocket socket) => _socket = socket;

    public WebSocket Socket => _socket.Socket;

    public string Server => _socket.Server;

    /// <summary>Set by <see cref="HelloAsync"/>.</summary>
    public JsonElement Welcome { get; private set; }

    public string Epoch => Welcome.Text("epoch")!;

    public long Head => Welcome.Number("head");

    /// <summary>A connection before the hello.</summary>
    public static async Task<V2Socket> ConnectAsync(Uri server, ChatToken token, CancellationToken cancellationToken) =>
        new(await ChatSocket.ConnectAsync(server, token, cancellationToken, options => options.AddSubProtocol(Subprotocol)));

    /// <summary>A connection that starts from now on, without a backlog.</summary>
    public static async Task<V2Socket> JoinAsync(Uri server, ChatToken token, CancellationToken cancellationToken)
    {
        var socket = await ConnectAsync(server, token, cancellationToken);
        await socket.HelloAsync(since: null, epoch: null, cancellationToken);
        await socket.ReceiveAsync("caught_up", cancellationToken);
        return socket;
    }

    /// <summary>Sends the hello and receives the welcome.</summary>
    public async Task HelloAsync(long? since, string? epoch, CancellationToken cancellationToken)
    {
        await SendAsync(Checked(Hello(since, epoch)), cancellationToken);
        Welcome = await ReceiveAsync("welcome", cancellationToken);
    }

    public static JsonObject Hello(long? since, string? epoch) => new() { ["type"] = "hello", ["since"] = since, ["epoch"] = epoch };

    public static JsonObject Message(string clientId, ChatUser recipient, string message) => new()
    {
        ["type"] = "send",
        ["client_id"] = clientId,
        ["recipient"] = recipient.Username,
        ["message"] = message,
    };

    public Task SendAsync(JsonObject frame, CancellationToken cancellationToken) => SendAsync(frame.ToJsonString(), cancellationToken);

    public Task SendAsync(string frame, CancellationToken cancellationToken) => _socket.SendAsync(frame, cancellationToken);

    public Task SendAsync(string clientId, ChatUser recipient, string message, CancellationToken cancellationToken) =>
        SendAsync(Checked(Message(clientId, recipient, message)), cancellationToken);

    /// <summary>The next frame, of any type.</summary>
    public Task<JsonElement> ReceiveRawAsync(CancellationToken cancellationToken) => _socket.ReceiveAsync(cancellationToken);

    /// <summary>The next frame except pings, which come on a quiet connection; fails if none arrives or the connection ends.</summary>
    public async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken)
    {
        var frame = await ReceiveRawAsync(cancellationToken);
        while (frame.Text("type") == "ping")
            frame = await ReceiveRawAsync(cancellationToken);
        return frame;
    }

    /// <summary>The next frame, which must be of this type.</summary>
    public async Task<JsonElement> ReceiveAsync(string type, CancellationToken cancellationToken)
    {
        var frame = type == "ping" ? await ReceiveRawAsync(cancellationToken) : await ReceiveAsync(cancellationToken);
        Assert.True(frame.Text("type") == type, $"Expected {type}, but received {frame}.");
        return frame;
    }

    /// <summary>The next frame, which must be an error with this code.</summary>
    public async Task<JsonElement> ReceiveErrorAsync(string code, CancellationToken cancellationToken)
    {
        var frame = await ReceiveAsync("error", cancellationToken);
        Assert.True(frame.Text("code") == code, $"Expected {code}, but received {frame}.");
        return frame;
    }

    /// <summary>Sends a message and receives the ack.</summary>
    public async Task<JsonElement> SendAndAckAsync(string clientId, ChatUser recipient, string message, CancellationToken cancellationToken)
    {
        await SendAsync(clientId, recipient, message, cancellationToken);
        var ack = await ReceiveAsync("ack", cancellationToken);
        Assert.Equal(clientId, ack.Text("client_id"));
        return ack;
    }

    // Valid frames must match the AsyncAPI document.
    private static JsonObject Checked(JsonObject frame)
    {
        FrameSchema.V2.AssertSentByClient(JsonSerializer.SerializeToElement(frame));
        return frame;
    }

    public Task<int?> WaitForCloseAsync(CancellationToken cancellationToken) => _socket.WaitForCloseAsync(cancellationToken);

    public ValueTask DisposeAsync() => _socket.DisposeAsync();
}
