namespace Chatable.Client.Session;

/// <summary>Tokens for sends, a little fewer than the server allows frames: whoever is over the rate is refused, then closed.</summary>
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

    /// <summary>A new connection begins with a full bucket on the server's side as well.</summary>
    public void Refill(TimeSpan now) => (_tokens, _counted) = (burst, now);

    private void Count(TimeSpan now)
    {
        _tokens = Math.Min(burst, _tokens + (now - _counted).TotalSeconds * perSecond);
        _counted = now;
    }
}
