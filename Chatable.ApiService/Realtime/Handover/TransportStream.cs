using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Chatable.ApiService.Realtime.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// Presents a connection as the stream below a WebSocket. Disposing it does not end the connection, whose last bytes may still be in
/// transit. The exception is an aborted socket with a pending read or write: only ending the connection ends that wait.
/// </summary>
internal sealed class TransportStream(ConnectionContext connection, Pulse pulse, Action onUnmasked) : FrameStream(pulse, onUnmasked)
{
    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private int _waiting;
    private int _aborted;

    /// <summary>The WebSocket that uses this stream.</summary>
    public WebSocket? Socket { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsBroken)
            return DiscardAsync(cancellationToken);
        if (!Pulse.IsInTime)
            return SlowDownAndReadAsync(buffer, cancellationToken);
        if (!_input.TryRead(out var result))
            return WaitAsync(buffer, cancellationToken);
        var length = Pass(buffer.Span[..Take(result, buffer.Span)]);
        return length == 0 && IsBroken ? DiscardAsync(cancellationToken) : new(length);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Pulse.Sending(buffer.Span);
        var writing = _output.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? ValueTask.CompletedTask : WaitAsync(writing);
    }

    protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
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
        await Pulse.SlowDownAsync(() => Volatile.Read(ref _aborted) != 0);
        return await WaitAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        BeginWaiting();
        Pulse.Listening();
        try
        {
            var taken = Take(await _input.ReadAsync(cancellationToken), buffer.Span);
            var length = Pass(buffer.Span[..taken]);
            if (length > 0 || !IsBroken)
                return length;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return await DiscardAsync(cancellationToken);
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

    // Either this method sees that the socket was aborted, or the abort sees the pending operation.
    private void BeginWaiting()
    {
        Interlocked.Increment(ref _waiting);
        if (Volatile.Read(ref _aborted) != 0)
            connection.Abort();
    }

    // The buffer must not be used once it is given back.
    private int Take(ReadResult result, Span<byte> destination)
    {
        var length = (int)Math.Min(result.Buffer.Length, destination.Length);
        var taken = result.Buffer.Slice(0, length);
        taken.CopyTo(destination);
        _input.AdvanceTo(taken.End);
        return length;
    }
}
