using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// What the bytes of a socket say of its client besides its messages, which is all the framework's WebSocket shows: whether it was heard
/// at all, whether it owes a pong, and how many pings and pongs it sends. One that sends more than its share is read more slowly.
/// </summary>
internal sealed class Pulse(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private const byte ServersPing = 0x89;

    // After that, whether the socket was aborted is looked at.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly TokenBucket _control = new(options.ControlFramesPerSecond, options.ControlFrameBurst, clock);

    private volatile bool _isHeard;
    private volatile bool _owesPong;

    /// <summary>
    /// Whether it may be that nobody is there any more: nothing came after the handshake, or after the server's last ping.
    /// </summary>
    public bool IsSilent => !_isHeard || _owesPong;

    /// <summary>Bytes of the client are about to be given to the WebSocket.</summary>
    public void Received(int bytes, int controlFrames)
    {
        if (bytes == 0)
            return;
        (_isHeard, _owesPong) = (true, false);
        for (var i = 0; i < controlFrames; i++)
            _control.Take();
    }

    /// <summary>Bytes of the server; the framework writes each frame by itself.</summary>
    public void Sending(ReadOnlySpan<byte> frame)
    {
        if (!frame.IsEmpty && frame[0] == ServersPing)
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
