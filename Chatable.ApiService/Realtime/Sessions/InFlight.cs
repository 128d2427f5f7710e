namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>How many connections have messages on their way to the intake.</summary>
internal sealed class InFlight
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private int _count;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End() => Interlocked.Decrement(ref _count);

    /// <summary>Waits until none is left or the time is over; false in the latter case.</summary>
    public async Task<bool> WaitForNoneAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (Volatile.Read(ref _count) > 0)
        {
            if (clock.GetElapsedTime(began) > limit)
                return false;
            await Task.Delay(s_poll, clock, cancellationToken);
        }

        return true;
    }
}
