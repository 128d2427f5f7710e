using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// Slows down a connection that sends faster than its rate, or faster than its messages find room: its next frame is not read before it
/// may come, so that it waits in TCP and holds its sender back. Where that takes too long it is read all the same, and refused.
/// </summary>
/// <param name="rate">How often a frame may come.</param>
/// <param name="full">What to wait for where there is no room, else null.</param>
/// <param name="writer">Once it closes, only the client's own close frame is waited for.</param>
/// <param name="services">What all connections share.</param>
internal sealed class Throttle(FrameRate rate, Func<Task?> full, Sockets.SocketWriter writer, SessionServices services)
{
    // After that, whether the connection closes is looked at.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    public Task WaitAsync() => rate.Wait == TimeSpan.Zero && full() is null ? Task.CompletedTask : SlowDownAsync();

    private async Task SlowDownAsync()
    {
        services.Metrics.SlowedDown(rate.Wait > TimeSpan.Zero ? "rate" : "room");
        var began = services.Clock.GetTimestamp();
        while (writer.Closing is null)
        {
            var left = services.Options.MaxThrottle - services.Clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return;

            if (rate.Wait is var wait && wait > TimeSpan.Zero)
                await Task.Delay(Least(wait, left), services.Clock);
            else if (full() is { } room)
                await room.WaitAsync(Least(s_look, left), services.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else
                return;
        }
    }

    private static TimeSpan Least(TimeSpan wait, TimeSpan left)
    {
        var least = wait < s_look ? wait : s_look;
        return least < left ? least : left;
    }
}

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
