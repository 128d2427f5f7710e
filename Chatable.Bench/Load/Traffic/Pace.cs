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
/// what a slow server holds up is not left out. Where a lane may only have a window under way, what is due beyond it waits, as it does
/// with a client that keeps to the server's window.
/// </summary>
/// <param name="perSecond">Messages, of all lanes.</param>
/// <param name="pack">A lane sends so many at a time, and the lanes' turns come so much more slowly.</param>
/// <param name="window">Of a lane.</param>
internal sealed class OpenLoop(double perSecond, int pack = 1, int window = OpenLoop.ServersWindow) : Pace
{
    /// <summary>What a connection to Chatable may have under way by default: more would be refused.</summary>
    public const int ServersWindow = 32;

    private readonly Dictionary<Lane, Queue<long>> _waiting = [];
    private readonly double _interval = Stopwatch.Frequency / perSecond * pack;
    private long _begun;
    private long _count;

    public override void Begin(LaneTraffic traffic)
    {
        (_begun, _count) = (traffic.Loop.Now, 0);
        traffic.Loop.Pacer = now => SendDue(traffic, now);
    }

    public override void Completed(LaneTraffic traffic, Lane lane)
    {
        if (_waiting.TryGetValue(lane, out var waiting) && waiting.TryDequeue(out var due))
            traffic.Send(lane, due);
    }

    private long SendDue(LaneTraffic traffic, long now)
    {
        if (traffic.Pace != this)
            return long.MaxValue;
        for (; DueAt(_count) <= now; _count++)
        {
            for (var i = 0; i < pack; i++)
                SendOrKeep(traffic, traffic.Lanes[(int)(_count % traffic.Lanes.Count)], DueAt(_count));
        }

        return DueAt(_count);
    }

    private void SendOrKeep(LaneTraffic traffic, Lane lane, long due)
    {
        if (traffic.UnderWay(lane) < window)
        {
            traffic.Send(lane, due);
            return;
        }

        if (!_waiting.TryGetValue(lane, out var waiting))
            _waiting[lane] = waiting = new Queue<long>();
        if (waiting.Count < Lane.MaxUnderWay)
            waiting.Enqueue(due);
        else
            traffic.Fail($"{Lane.MaxUnderWay} messages of one pair waited for its window: more were not sent");
    }

    private long DueAt(long count) => _begun + (long)(count * _interval);
}
