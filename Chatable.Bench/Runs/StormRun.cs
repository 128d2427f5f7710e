using System.Diagnostics;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>Everybody is cut off at the same moment and comes back at once, each with a little to catch up on.</summary>
internal sealed class StormRun(ChatableSubject subject, Progress progress)
{
    private const int Backlog = 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public async Task<RunResult> RunAsync(string scenario, int clients, int round, CancellationToken cancellationToken)
    {
        progress.Step($"round {round}: {clients} clients reconnect at once");
        using var loop = new EventLoop();
        var before = new Crowd(loop, subject.Protocol, atOnce: 128);
        loop.Post(() => JoinAll(before, clients));
        await WaitAsync(before, clients, cancellationToken);

        var after = new Crowd(loop, subject.Protocol, atOnce: clients);
        var useBefore = UseSample.Take(subject.Processes);
        var begun = Stopwatch.GetTimestamp();
        await loop.AskAsync(() =>
        {
            foreach (var client in before.Leave())
                after.Resume(client, Backlog);
            return true;
        });
        await WaitAsync(after, clients, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var useAfter = UseSample.Take(subject.Processes);
        var (messages, leaps) = await loop.AskAsync(() => (after.Messages, after.Leaps));
        var cpu = useAfter.CpuSince(useBefore);
        return new RunResult
        {
            Scenario = scenario,
            Subject = subject.Name,
            Protocol = subject.Protocol.Name,
            Round = round,
            Seconds = Math.Round(seconds, 2),
            PerSecond = Math.Round(clients / seconds, 1),
            Counts = new Counts { Lost = Math.Max(0, ((long)clients * Backlog) - messages), Reordered = leaps },
            Delivery = await loop.AskAsync(() => after.Times.Read()),
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / clients, 4),
            Megabytes = useAfter.Megabytes(),
            LoadCpu = useAfter.SelfSince(useBefore),
            Others = useAfter.OthersSince(useBefore),
            Extra = new() { ["clients"] = clients, ["all back after s"] = Math.Round(seconds, 2) },
            Trouble = await loop.AskAsync(() => after.Trouble),
        };
    }

    private void JoinAll(Crowd crowd, int clients)
    {
        for (var user = 0; user < clients; user++)
            crowd.Join(subject.Seat(user, user % subject.Replicas));
    }

    private async Task WaitAsync(Crowd crowd, int clients, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var (present, lost) = (0, 0L); present < clients;)
        {
            if (crowd.Loop.Failure is { } failure)
                throw new InvalidOperationException("The load generator broke.", failure);
            if (lost > 0 || Stopwatch.GetElapsedTime(begun) > s_patience)
                throw new TimeoutException($"{present} of {clients} clients are there, {lost} were turned away. {crowd.Trouble}");
            await progress.WatchAsync(TimeSpan.FromMilliseconds(20), () => $"{present} connected", cancellationToken);
            (present, lost) = await crowd.Loop.AskAsync(() => (crowd.Present.Count, crowd.Lost));
        }
    }
}
