using System.Net.WebSockets;

namespace Chatable.Client.Connections;

/// <summary>A WebSocket that reads and writes whole frames. Supports one read and one write at a time.</summary>
internal sealed class ClientSocket(WebSocket socket) : IDisposable
{
    /// <summary>More than any frame of the protocol. A server that sends more is not a Chatable server.</summary>
    private const int MaxFrameBytes = 1024 * 1024;

    private byte[] _buffer = new byte[4 * 1024];

    /// <summary>The text of a frame, valid until the next read; or the end, with the server's close code if it sent one.</summary>
    public readonly record struct Frame(
        ReadOnlyMemory<byte> Text, bool IsEnd = false, int? CloseCode = null, string? CloseReason = null);

    public async Task<Frame> ReadAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                length += part.Count;
                if (part.MessageType == WebSocketMessageType.Close)
                    return new Frame(default, IsEnd: true, (int?)socket.CloseStatus, socket.CloseStatusDescription);
                if (part.EndOfMessage)
                    return part.MessageType == WebSocketMessageType.Text ? new Frame(_buffer.AsMemory(0, length)) : Lost;
                if (length == MaxFrameBytes)
                    return Lost;
                if (length == _buffer.Length)
                    Array.Resize(ref _buffer, Math.Min(2 * length, MaxFrameBytes));
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return Lost;
        }
    }

    /// <returns>False if the connection is lost. Cancellation ends the connection, too.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Sends a close frame. The pending read receives the server's.</summary>
    public async Task CloseOutputAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The connection was lost at the same moment, which ends it as well.
        }
    }

    public void Dispose()
    {
        socket.Abort();
        socket.Dispose();
    }

    private static Frame Lost => new(default, IsEnd: true);
}
