using System.Net.WebSockets;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// The only writer of a socket: a bounded queue of frames, ended by a close frame. Callers never wait. A client that does not read loses
/// its connection, and delays no other client. If nothing is being written, the caller that adds a frame writes it, as far as possible
/// without waiting. An idle socket therefore has neither a queue nor a task.
/// </summary>
internal sealed class SocketWriter(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private readonly Lock _gate = new();

    // The oldest waiting frame, and those after it. A frame that is written at once, as nearly all are, needs no queue.
    private PooledBytes _next;
    private Queue<PooledBytes>? _later;
    private WebSocket? _socket;
    private TaskCompletionSource? _end;
    private bool _writing;
    private long _bytes;
    private ElapsedTimer _sending;
    private ElapsedTimer _closing;
    private ElapsedTimer _quiet;
    private CloseCode? _close;

    /// <summary>Why the connection ends. The first reason given is kept.</summary>
    public CloseCode? Closing => Volatile.Read(ref _close);

    /// <summary>
    /// How many frames of the log may be queued now; none if their bytes exceed the limit. Half of the queue stays free for answers, which
    /// cannot wait. Callers must keep entries beyond this, or a burst would look like a client that does not read.
    /// </summary>
    public int Room
    {
        get
        {
            lock (_gate)
                return _bytes > LogBytes ? 0 : Math.Max(0, options.OutboundFrames / 2 - Waiting);
        }
    }

    /// <summary>The bytes of the log that may be queued. The same number may be held until it is their turn.</summary>
    public int LogBytes => options.OutboundBytes / 2;

    /// <summary>How long the client may take for any frame.</summary>
    public TimeSpan Patience => options.Times.Send;

    /// <summary>Whether nothing has been sent for longer than <paramref name="limit"/>. False before the first frame.</summary>
    public bool IsQuietFor(TimeSpan limit) => _quiet.Exceeds(limit, clock);

    /// <summary>Sends bytes that other sockets may share.</summary>
    public void Send(byte[] frame) => Send(PooledBytes.Of(frame));

    /// <summary>Sends a frame that only this socket uses. This writer returns it to the pool.</summary>
    public void Send(PooledBytes frame)
    {
        if (Closing is not null)
        {
            frame.Return();
            return;
        }

        _quiet.Start(clock);
        if (TryEnqueue(frame))
        {
            Write();
            return;
        }

        frame.Return();
        Close(CloseCode.TooSlow);
    }

    public void Close(CloseCode code)
    {
        if (Interlocked.CompareExchange(ref _close, code, null) is not null)
            return;

        _closing.Start(clock);
        metrics.Closed(code);
        Write();
    }

    /// <summary>
    /// Writes queued and future frames to the socket, until it is closed. Frames queued before <see cref="Close"/> are still written,
    /// except to a slow reader.
    /// </summary>
    public void Start(WebSocket socket)
    {
        lock (_gate)
            _socket = socket;
        Write();
    }

    /// <summary>Completes when the close frame was sent or the connection was lost.</summary>
    public Task Ended => End.Task;

    // Created on demand, because it is needed only when the connection ends.
    private TaskCompletionSource End
    {
        get
        {
            lock (_gate)
                return _end ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private int Waiting => (_next.IsNone ? 0 : 1) + (_later?.Count ?? 0);

    private bool TryEnqueue(PooledBytes frame)
    {
        lock (_gate)
        {
            // A frame that alone exceeds its share is accepted if the queue is at most half full. The log could not advance past it
            // otherwise.
            var isTooMuch = _bytes + frame.Size > options.OutboundBytes && _bytes > options.OutboundBytes / 2;
            if (isTooMuch || Waiting >= options.OutboundFrames)
                return false;
            _bytes += frame.Size;
            if (_next.IsNone)
                _next = frame;
            else
                (_later ??= []).Enqueue(frame);
            return true;
        }
    }

    private PooledBytes Dequeue()
    {
        var frame = _next;
        _next = default;
        if (_later?.TryDequeue(out _next) == false)
            _later = null;
        return frame;
    }

    // Only one call writes at a time. The others leave their frames to it.
    private void Write()
    {
        lock (_gate)
        {
            if (_writing || _socket is null)
                return;
            _writing = true;
        }

        _ = WriteAllAsync(_socket);
    }

    private async Task WriteAllAsync(WebSocket socket)
    {
        try
        {
            if (await WriteQueuedAsync(socket) is not { } close)
                return;
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Number, close.Reason, CancellationToken.None);
            End.TrySetResult();
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is lost. The receiving side sees it too, and ends the connection.
            Close(CloseCode.Normal);
            End.TrySetResult();
        }
        catch (Exception unforeseen)
        {
            End.TrySetException(unforeseen);
        }
    }

    // Returns the code to close the socket with, or null if the socket stays open and later frames start a new write.
    private async ValueTask<CloseCode?> WriteQueuedAsync(WebSocket socket)
    {
        while (true)
        {
            PooledBytes frame;
            lock (_gate)
            {
                var close = Closing;
                frame = close == CloseCode.TooSlow ? default : Dequeue();
                if (frame.IsNone)
                {
                    (_next, _later) = (default, null);
                    _writing = close is not null;
                    return close;
                }
            }

            _sending.Start(clock);
            await socket.SendAsync(frame.Memory, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            _sending.Stop();
            metrics.FrameSent();
            lock (_gate)
                _bytes -= frame.Size;
            frame.Return();
        }
    }

    /// <summary>Closes the connection of a reader that stalls, and aborts one that does not close in time.</summary>
    public void Sweep(WebSocket socket)
    {
        if (_sending.Exceeds(options.Times.Send, clock))
            Close(CloseCode.TooSlow);
        if (_closing.Exceeds(Closing == CloseCode.TooSlow ? options.Times.CloseSlow : options.Times.Close, clock))
            socket.Abort();
    }
}
