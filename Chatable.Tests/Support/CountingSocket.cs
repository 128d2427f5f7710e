using System.Net.WebSockets;

namespace Chatable.Tests.Support;

/// <summary>A WebSocket that counts its receive calls.</summary>
internal sealed class CountingSocket(WebSocket socket) : WebSocket
{
    private int _receives;
    private int _waiting;

    public int Receives => Volatile.Read(ref _receives);

    /// <summary>Whether a receive is pending.</summary>
    public bool IsWaiting => Volatile.Read(ref _waiting) > 0;

    public override WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public override string? CloseStatusDescription => socket.CloseStatusDescription;

    public override WebSocketState State => socket.State;

    public override string? SubProtocol => socket.SubProtocol;

    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _receives);
        var receiving = socket.ReceiveAsync(buffer, cancellationToken);
        Interlocked.Increment(ref _waiting);
        try
        {
            return await receiving;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override Task SendAsync(
        ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        socket.SendAsync(buffer, messageType, endOfMessage, cancellationToken);

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseAsync(closeStatus, statusDescription, cancellationToken);

    public override Task CloseOutputAsync(
        WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    public override void Abort() => socket.Abort();

    public override void Dispose() => socket.Dispose();
}
