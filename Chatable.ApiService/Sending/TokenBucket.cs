namespace Chatable.ApiService.Sending;

/// <summary>
/// Lets through <paramref name="burst"/> at once and <paramref name="perSecond"/> in the long run; the very first burst may be a larger
/// one, of <paramref name="atFirst"/>. For one caller at a time.
/// </summary>
internal sealed class TokenBucket(double perSecond, int burst, TimeProvider clock, int atFirst = 0)
{
    private double _tokens = Math.Max(burst, atFirst);
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Whether nothing has been taken for so long that it is as good as a new one.</summary>
    public bool IsFull
    {
        get
        {
            Fill();
            return _tokens >= burst;
        }
    }

    /// <summary>How long to wait until one may be taken, in whole milliseconds.</summary>
    public TimeSpan Wait
    {
        get
        {
            if (_tokens < 1)
                Fill();
            return _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling((1 - _tokens) / perSecond * 1000));
        }
    }

    public bool TryTake()
    {
        Fill();
        if (_tokens < 1)
            return false;

        _tokens--;
        return true;
    }

    /// <summary>Takes one that has come already, whether it is there or not: what is too much is owed, up to a burst.</summary>
    public void Take()
    {
        Fill();
        _tokens = Math.Max(_tokens - 1, -burst);
    }

    private void Fill()
    {
        var now = clock.GetTimestamp();
        if (_tokens < burst)
            _tokens = Math.Min(burst, _tokens + clock.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond);
        _filledAt = now;
    }
}
