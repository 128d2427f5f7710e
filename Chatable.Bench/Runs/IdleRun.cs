using System.Diagnostics;
using Chatable.Bench.Load.Holding;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>Connections that do nothing: what each costs the replica that holds it.</summary>
internal sealed class IdleRun(Subject subject, Progress progress)
{
    private const int AtOnce = 128;
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>How many this process may have open; a second one has those above, as clients of <c>chatable.v2</c>.</summary>
    public int MostHere { get; init; } = int.MaxValue;

    /// <summary>All on the first replica, or spread over all.</summary>
    public async Task<RunResult> RunAsync(string scenario, int clients, bool spread, int round, CancellationToken cancellationToken)
    {
        await subject.PrepareAsync(clients, cancellationToken);
        using var loop = new EventLoop();
        var crowd = new Crowd(loop, subject.Protocol, AtOnce);
        await using var holder = clients > MostHere ? Holder.Start() : null;
        var first = clients / 10;
        // The first tenth pays for what a process makes once.
        await JoinAsync(crowd, holder, 0, first, spread, cancellationToken);
        var before = UseSample.Take(subject.Processes, holder?.Id);
        var begun = Stopwatch.GetTimestamp();
        await JoinAsync(crowd, holder, first, clients, spread, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await progress.WatchAsync(s_settle, () => $"{clients} connected", cancellationToken);

        var after = UseSample.Take(subject.Processes, holder?.Id);
        var attendance = await AttendanceAsync(crowd, holder);
        var cpu = after.CpuSince(before);
        return new RunResult
        {
            Scenario = scenario,
            Subject = subject.Name,
            Protocol = subject.Protocol.Name,
            Round = round,
            Seconds = Math.Round(seconds, 2),
            PerSecond = Math.Round((clients - first) / seconds, 1),
            Counts = new Counts { Lost = clients - attendance.Present },
            Delivery = await loop.AskAsync(() => crowd.Times.Read()),
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / (clients - first), 4),
            Megabytes = after.Megabytes(),
            LoadCpu = after.SelfSince(before),
            Others = after.OthersSince(before),
            Extra = new()
            {
                ["connections"] = attendance.Present,
                ["KB each"] = Math.Round((ServerMegabytes(after) - ServerMegabytes(before)) * 1024 / (clients - first), 2),
            },
            Trouble = attendance.Trouble,
        };
    }

    // The servers that hold sockets, not the stores or the worker.
    private double ServerMegabytes(UseSample sample) => sample.Megabytes()[subject.SocketProcess];

    private async Task JoinAsync(Crowd crowd, Holder? holder, int from, int to, bool spread, CancellationToken cancellationToken)
    {
        IEnumerable<Seat> Seats(int first, int end) =>
            Enumerable.Range(first, Math.Max(end - first, 0)).Select(user => subject.Seat(user, spread ? user % subject.Replicas : 0));
        crowd.Loop.Post(() =>
        {
            foreach (var seat in Seats(from, Math.Min(to, MostHere)))
                crowd.Join(seat);
        });
        if (holder is not null)
            await holder.ConnectAsync(Seats(Math.Max(from, MostHere), to), cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        for (var there = Attendance.None; there.Present + there.Lost < to; there = await AttendanceAsync(crowd, holder))
        {
            if (crowd.Loop.Failure is { } failure)
                throw new InvalidOperationException("The load generator broke.", failure);
            if (Stopwatch.GetElapsedTime(begun) > s_patience)
                throw new TimeoutException($"Only {there.Present} of {to} clients could connect. {there.Trouble}");
            await progress.WatchAsync(TimeSpan.FromMilliseconds(50), () => $"{there.Present} connected", cancellationToken);
        }
    }

    private static async Task<Attendance> AttendanceAsync(Crowd crowd, Holder? holder) =>
        (await crowd.Loop.AskAsync(() => Attendance.Of(crowd))).With(holder?.Count);
}
