namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Lets through <paramref name="burst"/> at once and <paramref name="perSecond"/> in the long run; the very first burst may be a larger
/// one, of <paramref name="atFirst"/>. For one caller at a time.
/// </summary>
internal sealed class TokenBucket(double perSecond, int burst, TimeProvider clock, int atFirst = 0)
{
    private double _tokens = Math.Max(burst, atFirst);
    private long _filledAt = clock.GetTimestamp();

    public bool TryTake()
    {
        var now = clock.GetTimestamp();
        if (_tokens < burst)
            _tokens = Math.Min(burst, _tokens + clock.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond);
        _filledAt = now;
        if (_tokens < 1)
            return false;

        _tokens--;
        return true;
    }
}
