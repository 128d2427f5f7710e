using Chatable.ApiService.Realtime.Sockets;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// The byte stream below a WebSocket. It reports traffic to <paramref name="pulse"/> and ends at the first unmasked frame: it then calls
/// <paramref name="onUnmasked"/>, and discards everything until the connection ends.
/// </summary>
internal abstract class FrameStream(Pulse pulse, Action onUnmasked) : Stream
{
    private const int DiscardedAtOnce = 4 * 1024;

    private FrameHeaders _headers;

    public sealed override bool CanRead => true;

    public sealed override bool CanWrite => true;

    public sealed override bool CanSeek => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    // Each write is sent immediately.
    public sealed override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public sealed override void Flush() => throw new NotSupportedException();

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Whether the incoming bytes are no longer valid frames.</summary>
    protected bool IsBroken => _headers.HasFailed;

    protected Pulse Pulse => pulse;

    /// <summary>
    /// Returns how many of these bytes the WebSocket may read. If zero, <see cref="IsBroken"/> says whether more may come.
    /// </summary>
    protected int Pass(ReadOnlySpan<byte> bytes)
    {
        var passed = _headers.Pass(bytes, out var controlFrames);
        pulse.Received(bytes.Length, controlFrames);
        return passed;
    }

    /// <summary>
    /// Reports the unmasked frame, and reads to the end. Call it only after the WebSocket has processed all earlier bytes.
    /// </summary>
    protected async ValueTask<int> DiscardAsync(CancellationToken cancellationToken)
    {
        onUnmasked();
        // The WebSocket's own buffer may be empty, and a read into it would consume nothing.
        var buffer = new byte[DiscardedAtOnce];
        while (await ReceiveAsync(buffer, cancellationToken) > 0)
        {
        }

        return 0;
    }

    /// <summary>Reads bytes as they arrive. Returns 0 at the end.</summary>
    protected abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
