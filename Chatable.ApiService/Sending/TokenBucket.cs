namespace Chatable.ApiService.Sending;

/// <summary>
/// Allows <paramref name="burst"/> at once and <paramref name="perSecond"/> sustained. The first burst may be larger, up to
/// <paramref name="atFirst"/>. Not thread-safe.
/// </summary>
internal sealed class TokenBucket(double perSecond, int burst, TimeProvider clock, int atFirst = 0)
{
    private double _tokens = Math.Max(burst, atFirst);
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Whether nothing has been taken for so long that the bucket is as good as new.</summary>
    public bool IsFull
    {
        get
        {
            Fill();
            return _tokens >= burst;
        }
    }

    /// <summary>How long to wait until a token is available, in whole milliseconds.</summary>
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

    /// <summary>Takes a token for a frame that has already arrived, even if none is available. The debt is limited to a burst.</summary>
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
