namespace Chatable.Client.Session;

/// <summary>After a while of silence the server is asked, after the same while without any word it is given up.</summary>
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

    // Counted from the question: where nobody read for a while, the silence before it says nothing.
    public bool IsLost(TimeSpan now) => now >= _askedAt + _interval;

    public bool MustAsk(TimeSpan now)
    {
        if (_askedAt is not null || now < _heardAt + _interval)
            return false;

        _askedAt = now;
        return true;
    }
}
