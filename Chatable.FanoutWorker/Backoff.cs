namespace Chatable.FanoutWorker;

/// <summary>Waits that double from one failure to the next, each cut by up to a half at random: workers do not march in step.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan max)
{
    private int _failures;

    public TimeSpan Next()
    {
        var full = Math.Min(first.TotalMilliseconds * Math.Pow(2, _failures++), max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (1 - Random.Shared.NextDouble() / 2));
    }

    public void Reset() => _failures = 0;
}
