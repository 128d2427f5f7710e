namespace Chatable.FanoutWorker;

/// <summary>Delays that double with each failure, each reduced by up to half at random, so that workers do not retry in step.</summary>
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
