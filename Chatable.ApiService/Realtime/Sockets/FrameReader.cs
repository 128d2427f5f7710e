using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>A complete text frame, or why there is none. <see cref="Text"/> is valid until the next read.</summary>
internal readonly record struct ReceivedFrame(ReadOnlyMemory<byte> Text, CloseCode? Fault = null, bool IsEnd = false);

/// <summary>
/// Puts frames together from fragments, within a limit of bytes over all of them. It holds a buffer only while a frame is coming in.
/// No receive is ever cancelled: that would abort the socket, and no close code would reach the client.
/// </summary>
internal sealed class FrameReader(WebSocket socket, int maxBytes, TimeProvider clock) : IDisposable
{
    private const int MaxEmptyFragments = 64;
    private const int DiscardedAtOnce = 4 * 1024;

    private byte[]? _buffer;
    private ElapsedTimer _begun;

    public bool IsOverdue(TimeSpan limit) => _begun.Exceeds(limit, clock);

    /// <summary>
    /// Waits for the beginning of the next frame; the last one is not valid any more. Not to be called after a frame with a fault: a
    /// receive without a buffer returns at once, and again and again, while a payload is left that nobody reads.
    /// </summary>
    /// <exception cref="WebSocketException">The connection is gone, or broke the protocol and was closed for it.</exception>
    public ValueTask<ValueWebSocketReceiveResult> WaitAsync()
    {
        Dispose();
        return socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
    }

    /// <summary>
    /// The frame that begins with <paramref name="first"/>. To be awaited at once: what it is awaited on is used again for other frames.
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
        // One byte more than may be used tells a frame that just fits from one that goes on.
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
    /// Reads whatever comes and throws it away, up to the client's close frame: it is for a connection that closes. The sweep ends it where
    /// that takes too long.
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

    /// <summary>Gives the buffer back, exactly once.</summary>
    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;
        _buffer = null;
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
