using System.Diagnostics;

namespace Chatable.Bench.Load.Traffic;

/// <summary>When the next message goes.</summary>
internal abstract class Pace
{
    /// <summary>Called once, when sending begins.</summary>
    public abstract void Begin(LaneTraffic traffic);

    /// <summary>A message of a lane has its answer, or has arrived where there are none.</summary>
    public virtual void Completed(LaneTraffic traffic, Lane lane)
    {
    }
}

/// <summary>Each lane always has as many messages under way: whoever is slow is asked less.</summary>
internal sealed class ClosedLoop(int window) : Pace
{
    public override void Begin(LaneTraffic traffic)
    {
        foreach (var lane in traffic.Lanes)
        {
            for (var i = 0; i < window; i++)
                traffic.Send(lane, traffic.Loop.Now);
        }
    }

    public override void Completed(LaneTraffic traffic, Lane lane) => traffic.Send(lane, traffic.Loop.Now);
}

/// <summary>
/// A message each so many ticks, the lanes in turn, whatever became of the earlier ones. Its time counts from the moment it was due:
/// what a slow server holds up is not left out.
/// </summary>
internal sealed class OpenLoop(double perSecond) : Pace
{
    private readonly double _interval = Stopwatch.Frequency / perSecond;
    private long _begun;
    private long _count;

    public override void Begin(LaneTraffic traffic)
    {
        (_begun, _count) = (traffic.Loop.Now, 0);
        traffic.Loop.Pacer = now => SendDue(traffic, now);
    }

    private long SendDue(LaneTraffic traffic, long now)
    {
        if (traffic.Pace != this)
            return long.MaxValue;
        for (; DueAt(_count) <= now; _count++)
            traffic.Send(traffic.Lanes[(int)(_count % traffic.Lanes.Count)], DueAt(_count));
        return DueAt(_count);
    }

    private long DueAt(long count) => _begun + (long)(count * _interval);
}
