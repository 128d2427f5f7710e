using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// The bytes of a connection as the stream a WebSocket works on. Disposing of it does not end the connection, whose last words may still
/// be on their way; but where the socket was aborted while something waits for the client, nothing else would end the wait.
/// </summary>
internal sealed class TransportStream(ConnectionContext connection, Pulse pulse) : Stream
{
    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private int _waiting;
    private int _aborted;

    /// <summary>The one that works on it.</summary>
    public WebSocket? Socket { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        !pulse.IsInTime ? SlowDownAndReadAsync(buffer, cancellationToken)
        : _input.TryRead(out var result) ? new(Take(result, buffer.Span)) : WaitAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        pulse.Sending(buffer.Span);
        var writing = _output.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? ValueTask.CompletedTask : WaitAsync(writing);
    }

    // Each write is sent at once.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (Socket?.State == WebSocketState.Aborted)
        {
            Interlocked.Exchange(ref _aborted, 1);
            if (Volatile.Read(ref _waiting) > 0)
                connection.Abort();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> SlowDownAndReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await pulse.SlowDownAsync(() => Volatile.Read(ref _aborted) != 0);
        return await WaitAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        BeginWaiting();
        try
        {
            return Take(await _input.ReadAsync(cancellationToken), buffer.Span);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask WaitAsync(ValueTask<FlushResult> writing)
    {
        BeginWaiting();
        try
        {
            await writing;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // Either this sees that the socket was aborted, or the aborting sees that something waits.
    private void BeginWaiting()
    {
        Interlocked.Increment(ref _waiting);
        if (Volatile.Read(ref _aborted) != 0)
            connection.Abort();
    }

    // What was taken is not to be touched any more once it is given back.
    private int Take(ReadResult result, Span<byte> destination)
    {
        var length = (int)Math.Min(result.Buffer.Length, destination.Length);
        var taken = result.Buffer.Slice(0, length);
        taken.CopyTo(destination);
        pulse.Received(destination[..length]);
        _input.AdvanceTo(taken.End);
        return length;
    }
}
