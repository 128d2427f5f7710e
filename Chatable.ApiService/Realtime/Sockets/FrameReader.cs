using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>A complete text frame, or the reason why there is none. <see cref="Text"/> is valid until the next read.</summary>
internal readonly record struct ReceivedFrame(ReadOnlyMemory<byte> Text, CloseCode? Fault = null, bool IsEnd = false);

/// <summary>
/// Assembles frames from fragments, up to a limit of bytes over all of them. It holds a buffer only while a frame is arriving. No receive
/// is ever cancelled: that would abort the socket, and no close code would reach the client.
/// </summary>
internal sealed class FrameReader(WebSocket socket, int maxBytes, TimeProvider clock) : IDisposable
{
    private const int MaxEmptyFragments = 64;
    private const int DiscardedAtOnce = 4 * 1024;

    private byte[]? _buffer;
    private ElapsedTimer _begun;

    public bool IsOverdue(TimeSpan limit) => _begun.Exceeds(limit, clock);

    /// <summary>
    /// Waits for the beginning of the next frame. The last frame becomes invalid. Do not call this after a frame with a fault: while an
    /// unread payload is left, a receive without a buffer returns at once, every time.
    /// </summary>
    /// <exception cref="WebSocketException">The connection is lost, or was closed for a protocol error.</exception>
    public ValueTask<ValueWebSocketReceiveResult> WaitAsync()
    {
        Dispose();
        return socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
    }

    /// <summary>
    /// Reads the frame that begins with <paramref name="first"/>. Await the result at once: its source is pooled and reused for other
    /// frames.
    /// </summary>
    /// <exception cref="WebSocketException">As from <see cref="WaitAsync"/>.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedFrame> ReadAsync(ValueWebSocketReceiveResult first)
    {
        if (first.MessageType == WebSocketMessageType.Close)
            return new ReceivedFrame(default, IsEnd: true);

        _begun.Start(clock);
        var frame = first.MessageType == WebSocketMessageType.Binary
            ? new ReceivedFrame(default, CloseCode.Binary)
            : await ReadTextAsync(first.EndOfMessage);
        _begun.Stop();
        return frame;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReceivedFrame> ReadTextAsync(bool complete)
    {
        // The one additional byte distinguishes a frame that just fits from one that continues.
        _buffer = ArrayPool<byte>.Shared.Rent(maxBytes + 1);
        var (length, empty) = (0, 0);
        while (!complete)
        {
            var part = await socket.ReceiveAsync(_buffer.AsMemory(length, maxBytes + 1 - length), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
                return new ReceivedFrame(default, IsEnd: true);

            length += part.Count;
            if (length > maxBytes)
                return new ReceivedFrame(default, CloseCode.TooBig);
            if (part.Count == 0 && ++empty > MaxEmptyFragments)
                return new ReceivedFrame(default, CloseCode.Policy);
            complete = part.EndOfMessage;
        }

        return new ReceivedFrame(_buffer.AsMemory(0, length));
    }

    /// <summary>
    /// Reads and discards everything up to the client's close frame, for a connection that closes. The sweep ends the connection if this
    /// takes too long.
    /// </summary>
    /// <exception cref="WebSocketException">As from <see cref="WaitAsync"/>.</exception>
    public async Task DiscardAsync()
    {
        Dispose();
        _buffer = ArrayPool<byte>.Shared.Rent(DiscardedAtOnce);
        while ((await socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    /// <summary>Returns the buffer to the pool, exactly once.</summary>
    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;
        _buffer = null;
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
