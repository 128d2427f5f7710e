using System.Net.WebSockets;
using System.Threading.Channels;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// The one writer of a socket: a bounded queue of frames and, last, a close frame. Nobody who hands it a frame ever waits; a client
/// that does not read loses its connection, and no other is delayed by it.
/// </summary>
internal sealed class SocketWriter
{
    private readonly RealtimeOptions _options;
    private readonly TimeProvider _clock;
    private readonly RealtimeMetrics _metrics;
    private readonly Channel<byte[]> _frames;
    private long _bytes;
    private Since _sending;
    private Since _closing;
    private Since _quiet;
    private CloseCode? _close;

    public SocketWriter(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
    {
        (_options, _clock, _metrics) = (options, clock, metrics);
        _frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(options.OutboundFrames) { SingleReader = true });
    }

    /// <summary>Why the connection ends; the first reason given stands.</summary>
    public CloseCode? Closing => Volatile.Read(ref _close);

    /// <summary>
    /// Frames of the log that may be queued now, none where the bytes are many: half of the queue stays free for answers, which cannot
    /// wait. It is for whoever has more than this to keep it, or a burst would look like a client that does not read.
    /// </summary>
    public int Room => Interlocked.Read(ref _bytes) > _options.OutboundBytes / 2
        ? 0
        : Math.Max(0, _options.OutboundFrames / 2 - _frames.Reader.Count);

    /// <summary>How long the client may take for anything it is sent.</summary>
    public TimeSpan Patience => _options.Times.Send;

    /// <summary>Whether nothing has been sent for longer than that; not before the first frame.</summary>
    public bool IsQuietFor(TimeSpan limit) => _quiet.Exceeds(limit, _clock);

    public void Send(byte[] frame)
    {
        if (Closing is not null)
            return;

        _quiet.Start(_clock);
        if (Interlocked.Add(ref _bytes, frame.Length) > _options.OutboundBytes || !_frames.Writer.TryWrite(frame))
            Close(CloseCode.TooSlow);
    }

    public void Close(CloseCode code)
    {
        if (Interlocked.CompareExchange(ref _close, code, null) is not null)
            return;

        _closing.Start(_clock);
        _metrics.Closed(code);
        _frames.Writer.TryComplete();
    }

    /// <summary>Writes until <see cref="Close"/>; what is queued then is still written, but to a slow reader.</summary>
    public async Task RunAsync(WebSocket socket)
    {
        try
        {
            await foreach (var frame in _frames.Reader.ReadAllAsync(CancellationToken.None))
            {
                if (Closing == CloseCode.TooSlow)
                    break;
                _sending.Start(_clock);
                await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                _sending.Stop();
                Interlocked.Add(ref _bytes, -frame.Length);
                _metrics.FrameSent();
            }

            var close = Closing ?? CloseCode.Normal;
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Number, close.Reason, CancellationToken.None);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone; the receiving side sees it too and ends the connection.
            Close(CloseCode.Normal);
        }
    }

    /// <summary>Closes on a reader that stalls, and ends by force what does not end in time.</summary>
    public void Sweep(WebSocket socket)
    {
        if (_sending.Exceeds(_options.Times.Send, _clock))
            Close(CloseCode.TooSlow);
        if (_closing.Exceeds(Closing == CloseCode.TooSlow ? _options.Times.CloseSlow : _options.Times.Close, _clock))
            socket.Abort();
    }
}
