namespace Chatable.Client.Session;

/// <summary>
/// Waits with full jitter: anything from nothing to a limit that doubles from failure to failure, so that clients which lost the same
/// server come back spread out.
/// </summary>
/// <param name="first">The first limit.</param>
/// <param name="max">The last one.</param>
/// <param name="random">From 0 to 1.</param>
internal sealed class ReconnectDelays(TimeSpan first, TimeSpan max, Func<double> random)
{
    private int _failures;

    public TimeSpan Next()
    {
        var limit = Math.Min(first.TotalMilliseconds * Math.Pow(2, _failures), max.TotalMilliseconds);
        _failures = Math.Min(_failures + 1, 30);
        return TimeSpan.FromMilliseconds(limit * random());
    }

    /// <summary>Anything from nothing to <paramref name="limit"/>, which says nothing about failures.</summary>
    public TimeSpan Within(TimeSpan limit) => limit * random();

    public void Reset() => _failures = 0;
}
