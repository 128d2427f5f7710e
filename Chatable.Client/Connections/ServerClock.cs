namespace Chatable.Client.Connections;

/// <summary>
/// The servers' time, taken from the <c>Date</c> header of their responses. A device whose own clock is wrong would sign tokens that have
/// expired before they are sent.
/// </summary>
internal sealed class ServerClock(TimeProvider clock)
{
    /// <summary>Smaller differences come from network delay, and are within a token's lifetime.</summary>
    private static readonly TimeSpan s_tolerance = TimeSpan.FromSeconds(30);

    private long _offset;

    public DateTimeOffset Now => clock.GetUtcNow() + Offset;

    /// <summary>How far the servers' clock is ahead of this device's.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Volatile.Read(ref _offset));

    /// <summary>Updates the offset from a response.</summary>
    public void Hear(HttpResponseMessage answer)
    {
        // A cached response carries an old time.
        if (answer.Headers.Date is not { } date || answer.Headers.Age is not null)
            return;

        var offset = date - clock.GetUtcNow();
        if ((offset - Offset).Duration() > s_tolerance)
            Volatile.Write(ref _offset, offset.Ticks);
    }

    /// <summary>Whether a token signed with the given offset was signed with a wrong time, by current knowledge.</summary>
    public bool WasWrong(TimeSpan offset) => (offset - Offset).Duration() > s_tolerance;
}
