using System.Diagnostics;
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

    /// <summary>All on the first replica, or spread over all.</summary>
    public async Task<RunResult> RunAsync(string scenario, int clients, bool spread, int round, CancellationToken cancellationToken)
    {
        await subject.PrepareAsync(clients, cancellationToken);
        using var loop = new EventLoop();
        var crowd = new Crowd(loop, subject.Protocol, AtOnce);
        var first = clients / 10;
        // The first tenth pays for what a process makes once.
        await JoinAsync(crowd, 0, first, spread, cancellationToken);
        var before = UseSample.Take(subject.Processes);
        var begun = Stopwatch.GetTimestamp();
        await JoinAsync(crowd, first, clients, spread, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await progress.WatchAsync(s_settle, () => $"{clients} connected", cancellationToken);

        var after = UseSample.Take(subject.Processes);
        var present = await loop.AskAsync(() => crowd.Present.Count);
        var cpu = after.CpuSince(before);
        return new RunResult
        {
            Scenario = scenario,
            Subject = subject.Name,
            Protocol = subject.Protocol.Name,
            Round = round,
            Seconds = Math.Round(seconds, 2),
            PerSecond = Math.Round((clients - first) / seconds, 1),
            Counts = new Counts { Lost = clients - present },
            Delivery = await loop.AskAsync(() => crowd.Times.Read()),
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / (clients - first), 4),
            Megabytes = after.Megabytes(),
            LoadCpu = after.SelfSince(before),
            Others = after.OthersSince(before),
            Extra = new()
            {
                ["connections"] = present,
                ["KB each"] = Math.Round((ServerMegabytes(after) - ServerMegabytes(before)) * 1024 / (clients - first), 2),
            },
            Trouble = await loop.AskAsync(() => crowd.Trouble),
        };
    }

    // The servers that hold sockets, not the stores or the worker.
    private double ServerMegabytes(UseSample sample) => sample.Megabytes()[subject.SocketProcess];

    private async Task JoinAsync(Crowd crowd, int from, int to, bool spread, CancellationToken cancellationToken)
    {
        crowd.Loop.Post(() =>
        {
            for (var user = from; user < to; user++)
                crowd.Join(subject.Seat(user, spread ? user % subject.Replicas : 0));
        });
        var begun = Stopwatch.GetTimestamp();
        for (var (present, lost) = (0, 0L); present + lost < to;)
        {
            if (crowd.Loop.Failure is { } failure)
                throw new InvalidOperationException("The load generator broke.", failure);
            if (Stopwatch.GetElapsedTime(begun) > s_patience)
                throw new TimeoutException($"Only {present} of {to} clients could connect. {crowd.Trouble}");
            await progress.WatchAsync(TimeSpan.FromMilliseconds(50), () => $"{present} connected", cancellationToken);
            (present, lost) = await crowd.Loop.AskAsync(() => (crowd.Present.Count, crowd.Lost));
        }
    }
}
