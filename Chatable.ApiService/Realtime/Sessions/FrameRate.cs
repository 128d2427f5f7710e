using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

internal enum RateVerdict
{
    Within,

    /// <summary>Not to be taken, and the client to be told so.</summary>
    Over,

    /// <summary>It goes on after more warnings than are given.</summary>
    Flood,
}

/// <summary>
/// How often a connection may send frames, and how often it is warned; at its beginning at least <paramref name="atFirst"/> at once.
/// For one caller at a time.
/// </summary>
internal sealed class FrameRate(RealtimeOptions options, TimeProvider clock, int atFirst = 0)
{
    private readonly TokenBucket _frames = new(options.FramesPerSecond, options.FrameBurst, clock, atFirst);
    private readonly TokenBucket _warnings = new(perSecond: 1, options.FloodWarnings, clock);

    /// <summary>How long to wait before the next one is within the rate.</summary>
    public TimeSpan Wait => _frames.Wait;

    public RateVerdict Take() =>
        _frames.TryTake() ? RateVerdict.Within : _warnings.TryTake() ? RateVerdict.Over : RateVerdict.Flood;
}
