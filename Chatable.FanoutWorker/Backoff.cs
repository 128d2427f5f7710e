namespace Chatable.FanoutWorker;

/// <summary>Waits that double from one failure to the next, each cut by up to a half at random so that workers do not march in step.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan max)
{
    private TimeSpan _next = first;

    public TimeSpan Next()
    {
        var full = _next;
        _next = full * 2 < max ? full * 2 : max;
        return full * (1 - Random.Shared.NextDouble() / 2);
    }

    public void Reset() => _next = first;
}
