namespace Chatable.Client.Session;

/// <summary>
/// A token bucket for sends, slightly below the server's frame limit: the server refuses a client above its rate, then disconnects it.
/// </summary>
internal sealed class SendPace(double perSecond, int burst)
{
    private double _tokens = burst;
    private TimeSpan _counted;

    public bool TryTake(TimeSpan now)
    {
        Count(now);
        if (_tokens < 1)
            return false;

        _tokens--;
        return true;
    }

    public TimeSpan NextAt => _tokens >= 1
        ? _counted
        : _counted + TimeSpan.FromSeconds((1 - _tokens) / perSecond) + TimeSpan.FromMilliseconds(1);

    /// <summary>Refills the bucket for a new connection, as the server does.</summary>
    public void Refill(TimeSpan now) => (_tokens, _counted) = (burst, now);

    private void Count(TimeSpan now)
    {
        _tokens = Math.Min(burst, _tokens + (now - _counted).TotalSeconds * perSecond);
        _counted = now;
    }
}
