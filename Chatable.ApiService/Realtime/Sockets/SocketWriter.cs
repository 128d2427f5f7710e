using System.Net.WebSockets;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// The one writer of a socket: a bounded queue of frames and, last, a close frame. Nobody who hands it a frame ever waits; a client
/// that does not read loses its connection, and no other is delayed by it. Whoever hands it a frame while nothing is being written writes
/// it, as far as that goes without waiting: an idle socket has neither a queue nor a task.
/// </summary>
internal sealed class SocketWriter(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private readonly Lock _gate = new();

    // The oldest that waits, and those behind it: what is written at once, as nearly all is, never makes a queue.
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

    /// <summary>Why the connection ends; the first reason given stands.</summary>
    public CloseCode? Closing => Volatile.Read(ref _close);

    /// <summary>
    /// Frames of the log that may be queued now, none where the bytes are many: half of the queue stays free for answers, which cannot
    /// wait. It is for whoever has more than this to keep it, or a burst would look like a client that does not read.
    /// </summary>
    public int Room
    {
        get
        {
            lock (_gate)
                return _bytes > LogBytes ? 0 : Math.Max(0, options.OutboundFrames / 2 - Waiting);
        }
    }

    /// <summary>Bytes of the log that may be queued, and as many may be held until it is their turn.</summary>
    public int LogBytes => options.OutboundBytes / 2;

    /// <summary>How long the client may take for anything it is sent.</summary>
    public TimeSpan Patience => options.Times.Send;

    /// <summary>Whether nothing has been sent for longer than that; not before the first frame.</summary>
    public bool IsQuietFor(TimeSpan limit) => _quiet.Exceeds(limit, clock);

    /// <summary>Sends bytes that others may be sent, too.</summary>
    public void Send(byte[] frame) => Send(PooledBytes.Of(frame));

    /// <summary>Sends a frame of this socket's own; it is this writer's to return.</summary>
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
    /// Writes to the socket what is queued and what comes, until it is closed. What is queued at <see cref="Close"/> is still written, but
    /// to a slow reader.
    /// </summary>
    public void Start(WebSocket socket)
    {
        lock (_gate)
            _socket = socket;
        Write();
    }

    /// <summary>Completes when the socket was closed.</summary>
    public Task Ended => End.Task;

    // Nobody needs it before the connection ends.
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
            // A frame that alone is more than its share is taken by a queue that is half empty: no other way leads past it in the log.
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

    // One at a time, the others leave it to that one.
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
            // The connection is gone; the receiving side sees it too and ends the connection.
            Close(CloseCode.Normal);
            End.TrySetResult();
        }
        catch (Exception unforeseen)
        {
            End.TrySetException(unforeseen);
        }
    }

    // What to close the socket with, or null where it stays open and whatever comes next is written anew.
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

    /// <summary>Closes on a reader that stalls, and ends by force what does not end in time.</summary>
    public void Sweep(WebSocket socket)
    {
        if (_sending.Exceeds(options.Times.Send, clock))
            Close(CloseCode.TooSlow);
        if (_closing.Exceeds(Closing == CloseCode.TooSlow ? options.Times.CloseSlow : options.Times.Close, clock))
            socket.Abort();
    }
}
