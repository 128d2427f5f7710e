using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// Slows down a connection that sends faster than its rate, or faster than its messages find room. Its next frame is not read until it is
/// allowed, so the frame waits in TCP and holds the sender back. After the maximum delay the frame is read anyway, and refused.
/// </summary>
/// <param name="rate">The permitted frame rate.</param>
/// <param name="full">Returns the task to wait for if there is no room, else null.</param>
/// <param name="writer">Once it closes, there is no delay: only the client's close frame is still expected.</param>
/// <param name="services">The services that all connections share.</param>
internal sealed class Throttle(FrameRate rate, Func<Task?> full, Sockets.SocketWriter writer, SessionServices services)
{
    // The interval at which a waiting call checks whether the connection closes.
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

    /// <summary>The frame must be refused, and the client informed.</summary>
    Over,

    /// <summary>The client continues after all its warnings.</summary>
    Flood,
}

/// <summary>
/// The permitted frame rate of a connection, and the number of warnings. A new connection may send at least <paramref name="atFirst"/>
/// frames at once. Not thread-safe.
/// </summary>
internal sealed class FrameRate(RealtimeOptions options, TimeProvider clock, int atFirst = 0)
{
    private readonly TokenBucket _frames = new(options.FramesPerSecond, options.FrameBurst, clock, atFirst);
    private readonly TokenBucket _warnings = new(perSecond: 1, options.FloodWarnings, clock);

    /// <summary>How long to wait until the next frame is within the rate.</summary>
    public TimeSpan Wait => _frames.Wait;

    public RateVerdict Take() =>
        _frames.TryTake() ? RateVerdict.Within : _warnings.TryTake() ? RateVerdict.Over : RateVerdict.Flood;
}
