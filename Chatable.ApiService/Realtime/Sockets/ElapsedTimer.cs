namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Measures the time since something began that must not last forever. One loop starts and stops it, and the sweep reads it.
/// </summary>
internal struct ElapsedTimer
{
    private long _at;

    public void Start(TimeProvider clock) => Volatile.Write(ref _at, Math.Max(1, clock.GetTimestamp()));

    public readonly bool IsRunning => Volatile.Read(in _at) is not 0;

    public void Stop() => Volatile.Write(ref _at, 0);

    public readonly bool Exceeds(TimeSpan limit, TimeProvider clock) =>
        Volatile.Read(in _at) is not 0 and var at && clock.GetElapsedTime(at) > limit;
}
