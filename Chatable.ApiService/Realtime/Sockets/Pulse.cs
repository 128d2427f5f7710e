using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// What the bytes of a socket say of its client besides its messages, which is all the framework's WebSocket shows: whether it was heard
/// at all, whether it owes a pong, and how many pings and pongs it sends. One that sends more than its share is read more slowly, and one
/// of whom nothing comes is given up. The framework sends the pings, but does not judge: it would miss a pong that waits behind frames
/// which a client that is slowed down has sent before it.
/// </summary>
internal sealed class Pulse(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private const byte ServersPing = 0x89;

    // It is asked twice a second. After a longer pause this process itself stood still, and bytes of the client may lie unread.
    private static readonly TimeSpan s_standstill = TimeSpan.FromSeconds(2);

    // The framework looks every quarter of the interval whether a ping is due, and no more often than that.
    private static readonly TimeSpan s_leastBetweenLooks = TimeSpan.FromSeconds(1);

    // After that, whether the socket was aborted is looked at.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly TokenBucket _control = new(options.ControlFramesPerSecond, options.ControlFrameBurst, clock);

    private volatile bool _isHeard;
    private volatile bool _owesPong;
    private ElapsedTimer _pinged;
    private ElapsedTimer _listening;
    private ElapsedTimer _asked;
    private ElapsedTimer _awake;

    /// <summary>
    /// Whether it may be that nobody is there any more: nothing came after the handshake, or after the server's last ping.
    /// </summary>
    public bool IsSilent => !_isHeard || _owesPong;

    /// <summary>
    /// Whether the client has been silent for too long: for <see cref="SocketTimes.Pong"/> after a ping, or, where none is sent any more
    /// because an earlier one was never answered, for that and <see cref="SocketTimes.Ping"/> together. Any byte counts, and only the time in
    /// which the server listens: not while it slows a client down, nor while the process stands still. To be asked in every sweep.
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

    /// <summary>From now on whatever the client sends would be received at once.</summary>
    public void Listening() => _listening.Start(clock);

    /// <summary>Bytes of the client are about to be given to the WebSocket.</summary>
    public void Received(int bytes, int controlFrames)
    {
        _listening.Stop();
        if (bytes == 0)
            return;
        (_isHeard, _owesPong) = (true, false);
        for (var i = 0; i < controlFrames; i++)
            _control.Take();
    }

    /// <summary>Bytes of the server; the framework writes each frame by itself.</summary>
    public void Sending(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty || frame[0] != ServersPing)
            return;
        _pinged.Start(clock);
        _owesPong = true;
    }

    /// <summary>Whether the client may be read on at once.</summary>
    public bool IsInTime => _control.Wait == TimeSpan.Zero;

    /// <summary>Waits until the client may be read on, or the socket is over.</summary>
    public async Task SlowDownAsync(Func<bool> isOver)
    {
        metrics.SlowedDown("control");
        var began = clock.GetTimestamp();
        while (!isOver() && _control.Wait is var wait && wait > TimeSpan.Zero && clock.GetElapsedTime(began) < options.MaxThrottle)
            await Task.Delay(wait < s_look ? wait : s_look, clock);
    }
}
