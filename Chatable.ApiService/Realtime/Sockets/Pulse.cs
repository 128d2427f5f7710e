using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// What the bytes of a socket say of its client besides its messages, which is all the framework's WebSocket shows: whether it was heard
/// at all, whether it owes a pong, and how many pings and pongs it sends. One that sends more than its share is read more slowly.
/// </summary>
internal sealed class Pulse(RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics)
{
    private const byte ControlBit = 0x08, MaskBit = 0x80, LengthBits = 0x7F, ServersPing = 0x89;

    // After that, whether the socket was aborted is looked at.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly TokenBucket _control = new(options.ControlFramesPerSecond, options.ControlFrameBurst, clock);

    // Of the header that is being read: how many of its bytes were seen, how many it has, and what it says so far.
    private int _seen;
    private int _headerLength = 2;
    private int _lengthEnd;
    private bool _isControl;
    private ulong _length;

    // Of the payload that follows: what is still to come.
    private ulong _payload;

    private volatile bool _isHeard;
    private volatile bool _owesPong;

    /// <summary>
    /// Whether it may be that nobody is there any more: nothing came after the handshake, or after the server's last ping.
    /// </summary>
    public bool IsSilent => !_isHeard || _owesPong;

    /// <summary>Bytes of the client that are about to be given to the WebSocket.</summary>
    public void Received(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        (_isHeard, _owesPong) = (true, false);
        while (!bytes.IsEmpty)
        {
            if (_payload == 0)
            {
                ReadHeader(bytes[0]);
                bytes = bytes[1..];
            }
            else
            {
                var passed = (int)Math.Min(_payload, (ulong)bytes.Length);
                _payload -= (ulong)passed;
                bytes = bytes[passed..];
            }
        }
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

    // RFC 6455, 5.2. What breaks it ends the connection anyway.
    private void ReadHeader(byte next)
    {
        switch (_seen++)
        {
            case 0:
                (_isControl, _length) = ((next & ControlBit) != 0, 0);
                return;
            case 1:
                var length = next & LengthBits;
                _lengthEnd = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0);
                _headerLength = _lengthEnd + ((next & MaskBit) != 0 ? 4 : 0);
                _length = _lengthEnd == 2 ? (ulong)length : 0;
                break;
            default:
                if (_seen <= _lengthEnd)
                    _length = _length << 8 | next;
                break;
        }

        if (_seen < _headerLength)
            return;
        (_seen, _payload) = (0, _length);
        if (_isControl)
            _control.Take();
    }
}
