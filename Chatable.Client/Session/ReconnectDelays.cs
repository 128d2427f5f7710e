namespace Chatable.Client.Session;

/// <summary>
/// Delays with full jitter: random between zero and a limit that doubles with each failure, so that clients that lost the same server
/// reconnect spread out.
/// </summary>
/// <param name="first">The first limit.</param>
/// <param name="max">The highest limit.</param>
/// <param name="random">Returns a value from 0 to 1.</param>
internal sealed class ReconnectDelays(TimeSpan first, TimeSpan max, Func<double> random)
{
    private int _failures;

    public TimeSpan Next()
    {
        var limit = Math.Min(first.TotalMilliseconds * Math.Pow(2, _failures), max.TotalMilliseconds);
        _failures = Math.Min(_failures + 1, 30);
        return TimeSpan.FromMilliseconds(limit * random());
    }

    /// <summary>Returns a random delay up to <paramref name="limit"/>, without counting a failure.</summary>
    public TimeSpan Within(TimeSpan limit) => limit * random();

    public void Reset() => _failures = 0;
}
