using System.Diagnostics;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>Connects, warms up, measures, lets everything arrive, and counts what has been stored.</summary>
internal sealed class TrafficRun(Subject subject, TrafficPlan plan, Progress progress)
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    public async Task<RunResult> RunAsync(int round, CancellationToken cancellationToken)
    {
        using var crew = await Crew.ConnectAsync(subject, plan, cancellationToken);
        var storedBefore = await subject.CountStoredAsync(cancellationToken);
        await crew.AskAsync(traffic => Begin(traffic, 1.0 / plan.Loops));
        await progress.WatchAsync(plan.WarmUp, () => "warming up", cancellationToken);
        if (plan.BeforeMeasuring is { } change)
            await change(cancellationToken);

        // Outside of what is measured: a busy server may take milliseconds to answer.
        var allocatedBefore = ReadAllocated(crew);
        var (useBefore, begun) = (UseSample.Take(subject.Processes), await crew.AskAsync(Mark));
        await progress.WatchAsync(plan.Measured, Reporter(crew), cancellationToken);
        var (ended, useAfter) = (await crew.AskAsync(ReadTimes), UseSample.Take(subject.Processes));
        var allocatedAfter = ReadAllocated(crew);

        await crew.AskAsync(traffic => traffic.Pace = null);
        var drained = await DrainAsync(crew, cancellationToken);
        var stored = subject.Stores ? await subject.CountStoredAsync(cancellationToken) - storedBefore : (long?)null;
        var counts = await CountAsync(crew, stored);
        var delivered = ended.Sum(mark => mark.Delivered) - begun.Sum(mark => mark.Delivered);
        var seconds = Stopwatch.GetElapsedTime(begun[0].At, ended[0].At).TotalSeconds;
        var cpu = useAfter.CpuSince(useBefore);
        return new RunResult
        {
            Scenario = plan.Name,
            Subject = subject.Name,
            Protocol = (plan.Protocol ?? subject.Protocol).Name,
            Round = round,
            Seconds = Math.Round(seconds, 2),
            PerSecond = Math.Round(delivered / seconds, 1),
            Counts = counts,
            Delivery = Merge(ended, mark => mark.Delivery),
            Ack = Merge(ended, mark => mark.Ack),
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / Math.Max(delivered, 1), 4),
            AllocatedPerMessage = PerMessage(allocatedBefore, allocatedAfter),
            Compiling = useAfter.CompilingSince(useBefore),
            Megabytes = useAfter.Megabytes(),
            LoadCpu = useAfter.SelfSince(useBefore),
            Others = useAfter.OthersSince(useBefore),
            Trouble = drained ? crew.Traffic.Select(traffic => traffic.Trouble).FirstOrDefault(trouble => trouble is not null)
                : $"not everything had arrived after {s_drain.TotalSeconds} s",
        };
    }

    private bool Begin(LaneTraffic traffic, double share)
    {
        traffic.Pace = plan.Pace(share);
        traffic.Pace.Begin(traffic);
        return true;
    }

    private (long? Bytes, long Delivered) ReadAllocated(Crew crew)
    {
        var servers = subject.Processes.Where(process => process.Name == subject.SocketProcess);
        // Null where one of them does not tell.
        var bytes = servers.Select(server => AllocationGauge.Read(server.Id)).Aggregate((long?)0, (sum, one) => sum + one);
        return (bytes, crew.Traffic.Sum(traffic => traffic.Delivered));
    }

    private static double PerMessage((long? Bytes, long Delivered) before, (long? Bytes, long Delivered) after) =>
        after.Bytes - before.Bytes is { } bytes ? Math.Round(bytes / (double)Math.Max(after.Delivered - before.Delivered, 1)) : 0;

    private static Snapshot Mark(LaneTraffic traffic)
    {
        traffic.DeliveryTimes.Clear();
        traffic.AckTimes.Clear();
        return new Snapshot(traffic.Loop.Now, traffic.Delivered, new Times(), new Times());
    }

    private static Snapshot ReadTimes(LaneTraffic traffic)
    {
        var (delivery, ack) = (new Times(), new Times());
        delivery.Add(traffic.DeliveryTimes);
        ack.Add(traffic.AckTimes);
        return new Snapshot(traffic.Loop.Now, traffic.Delivered, delivery, ack);
    }

    private static Percentiles Merge(IEnumerable<Snapshot> snapshots, Func<Snapshot, Times> part)
    {
        var all = new Times();
        foreach (var snapshot in snapshots)
            all.Add(part(snapshot));
        return all.Read();
    }

    private static Func<string> Reporter(Crew crew)
    {
        var (last, lastAt) = (crew.Traffic.Sum(traffic => traffic.Delivered), Stopwatch.GetTimestamp());
        return () =>
        {
            var (now, at) = (crew.Traffic.Sum(traffic => traffic.Delivered), Stopwatch.GetTimestamp());
            var rate = (now - last) / Stopwatch.GetElapsedTime(lastAt, at).TotalSeconds;
            (last, lastAt) = (now, at);
            return $"{rate,8:N0} messages/s";
        };
    }

    private static async Task<bool> DrainAsync(Crew crew, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!(await crew.AskAsync(traffic => traffic.IsDone)).All(done => done))
        {
            if (Stopwatch.GetElapsedTime(begun) > s_drain)
                return false;
            await Task.Delay(20, cancellationToken);
        }

        return true;
    }

    private async Task<Counts> CountAsync(Crew crew, long? stored)
    {
        var acknowledges = (plan.Protocol ?? subject.Protocol).Acknowledges;
        var all = await crew.AskAsync(traffic => new Counts
        {
            Sent = traffic.Sent,
            Delivered = traffic.Delivered,
            Acked = traffic.Acknowledged,
            Lost = traffic.Sent - traffic.Delivered + (acknowledges ? traffic.Sent - traffic.Acknowledged : 0),
            Duplicated = traffic.Lanes.Sum(lane => lane.Delivered.Duplicated),
            Reordered = traffic.Lanes.Sum(lane => lane.Delivered.Reordered + lane.Author.Leaps + lane.Recipient.Leaps),
            RepeatedAcks = traffic.RepeatedAcks,
            Strays = traffic.Strays,
            Refused = traffic.Refusals,
        });
        return new Counts
        {
            Sent = all.Sum(one => one.Sent),
            Delivered = all.Sum(one => one.Delivered),
            Acked = all.Sum(one => one.Acked),
            Lost = all.Sum(one => one.Lost),
            Duplicated = all.Sum(one => one.Duplicated),
            Reordered = all.Sum(one => one.Reordered),
            Strays = all.Sum(one => one.Strays),
            Refused = all.Sum(one => one.Refused),
            RepeatedAcks = all.Sum(one => one.RepeatedAcks),
            Stored = stored,
        };
    }

    private sealed record Snapshot(long At, long Delivered, Times Delivery, Times Ack);
}
