using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Judges a client by the bytes of its socket, because the framework's WebSocket shows only messages: whether the client was heard at all,
/// whether it owes a pong, and how many pings and pongs it sends. A client that sends too many is read more slowly, and a silent one is
/// disconnected. The framework sends the pings, but its pong timeout is not used. It would miss a pong that waits behind earlier frames of
/// a client that is slowed down.
/// </summary>
internal sealed class Pulse(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private const byte ServersPing = 0x89;

    // IsGone is called twice a second. After a longer pause the process itself was suspended, and the client's bytes may still be unread.
    private static readonly TimeSpan s_standstill = TimeSpan.FromSeconds(2);

    // The framework checks every quarter of the interval whether a ping is due, but at most this often.
    private static readonly TimeSpan s_leastBetweenLooks = TimeSpan.FromSeconds(1);

    // The interval at which a waiting call checks whether the socket was aborted.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly TokenBucket _control = new(options.ControlFramesPerSecond, options.ControlFrameBurst, clock);

    private volatile bool _isHeard;
    private volatile bool _owesPong;
    private ElapsedTimer _pinged;
    private ElapsedTimer _listening;
    private ElapsedTimer _asked;
    private ElapsedTimer _awake;

    /// <summary>
    /// Whether the client may be gone: nothing came after the handshake, or after the server's last ping.
    /// </summary>
    public bool IsSilent => !_isHeard || _owesPong;

    /// <summary>
    /// Whether the client has been silent for too long. The limit is <see cref="SocketTimes.Pong"/> after a ping. If no more pings are sent
    /// because an earlier one was never answered, it is that and <see cref="SocketTimes.Ping"/> together. Any byte ends the silence. Only
    /// time in which the server listens counts: not while it slows the client down, nor while the process is suspended. Must be called in
    /// every sweep.
    /// </summary>
    public bool IsGone()
    {
        if (!_asked.IsRunning || _asked.Exceeds(s_standstill, clock))
            _awake.Start(clock);
        _asked.Start(clock);

        var times = options.Times;
        var look = times.Ping / 4 > s_leastBetweenLooks ? times.Ping / 4 : s_leastBetweenLooks;
        return _awake.Exceeds(times.Pong, clock) && (_owesPong
            ? _listening.Exceeds(times.Pong, clock) && _pinged.Exceeds(times.Pong, clock)
            : _listening.Exceeds(times.Ping + look + times.Pong, clock));
    }

    /// <summary>From now on, anything that the client sends is received at once.</summary>
    public void Listening() => _listening.Start(clock);

    /// <summary>Bytes from the client are about to be passed to the WebSocket.</summary>
    public void Received(int bytes, int controlFrames)
    {
        _listening.Stop();
        if (bytes == 0)
            return;
        (_isHeard, _owesPong) = (true, false);
        for (var i = 0; i < controlFrames; i++)
            _control.Take();
    }

    /// <summary>Bytes from the server. The framework writes each frame separately.</summary>
    public void Sending(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty || frame[0] != ServersPing)
            return;
        _pinged.Start(clock);
        _owesPong = true;
    }

    /// <summary>Whether the next read from the client need not be delayed.</summary>
    public bool IsInTime => _control.Wait == TimeSpan.Zero;

    /// <summary>Waits until the client may be read again, or the socket has ended.</summary>
    public async Task SlowDownAsync(Func<bool> isOver)
    {
        metrics.SlowedDown("control");
        var began = clock.GetTimestamp();
        while (!isOver() && _control.Wait is var wait && wait > TimeSpan.Zero && clock.GetElapsedTime(began) < options.MaxThrottle)
            await Task.Delay(wait < s_look ? wait : s_look, clock);
    }
}
