namespace Chatable.Client.Session;

/// <summary>Pings the server after an interval of silence, and gives up after another interval without any frame.</summary>
internal sealed class Heartbeat
{
    private TimeSpan _interval;
    private TimeSpan _heardAt;
    private TimeSpan? _askedAt;

    public TimeSpan DueAt => (_askedAt ?? _heardAt) + _interval;

    public void Begin(TimeSpan interval, TimeSpan now)
    {
        _interval = interval;
        Heard(now);
    }

    public void Heard(TimeSpan now) => (_heardAt, _askedAt) = (now, null);

    // Measured from the ping: if reading was paused, the silence before it means nothing.
    public bool IsLost(TimeSpan now) => now >= _askedAt + _interval;

    public bool MustAsk(TimeSpan now)
    {
        if (_askedAt is not null || now < _heardAt + _interval)
            return false;

        _askedAt = now;
        return true;
    }
}
