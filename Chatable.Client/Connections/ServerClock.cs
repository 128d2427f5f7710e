namespace Chatable.Client.Connections;

/// <summary>
/// What time it is for the servers, by the <c>Date</c> of their answers: a device whose own clock is wrong would sign tokens that have
/// ended before they are sent.
/// </summary>
internal sealed class ServerClock(TimeProvider clock)
{
    /// <summary>Less is the way of an answer, and nothing that a token's life does not allow for.</summary>
    private static readonly TimeSpan s_tolerance = TimeSpan.FromSeconds(30);

    private long _offset;

    public DateTimeOffset Now => clock.GetUtcNow() + Offset;

    /// <summary>How far the servers' clock is ahead of this device's.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Volatile.Read(ref _offset));

    /// <summary>An answer has come.</summary>
    public void Hear(HttpResponseMessage answer)
    {
        // What a cache has kept tells the time of long ago.
        if (answer.Headers.Date is not { } date || answer.Headers.Age is not null)
            return;

        var offset = date - clock.GetUtcNow();
        if ((offset - Offset).Duration() > s_tolerance)
            Volatile.Write(ref _offset, offset.Ticks);
    }

    /// <summary>Whether what was signed by that offset was signed at a wrong time, as is known now.</summary>
    public bool WasWrong(TimeSpan offset) => (offset - Offset).Duration() > s_tolerance;
}
