using Chatable.ApiService.Realtime.Sockets;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// The bytes a WebSocket works on, with a <paramref name="pulse"/>, up to the first frame that is not masked: <paramref name="onUnmasked"/>
/// is called then, and what still comes is thrown away until the connection ends.
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

    // Each write is sent at once.
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

    /// <summary>Whether nothing of what comes is a frame any more.</summary>
    protected bool IsBroken => _headers.HasFailed;

    protected Pulse Pulse => pulse;

    /// <summary>How many of these bytes the WebSocket may have. Where it is none, <see cref="IsBroken"/> says whether more may come.</summary>
    protected int Pass(ReadOnlySpan<byte> bytes)
    {
        var passed = _headers.Pass(bytes, out var controlFrames);
        pulse.Received(bytes.Length, controlFrames);
        return passed;
    }

    /// <summary>Says so, and reads to the end. To be called when the WebSocket has used what it was given before.</summary>
    protected async ValueTask<int> DiscardAsync(CancellationToken cancellationToken)
    {
        onUnmasked();
        // The WebSocket's own may be empty, and a read into that takes nothing.
        var buffer = new byte[DiscardedAtOnce];
        while (await ReceiveAsync(buffer, cancellationToken) > 0)
        {
        }

        return 0;
    }

    /// <summary>The bytes as they come; 0 at the end.</summary>
    protected abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
