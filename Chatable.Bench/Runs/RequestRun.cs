using System.Diagnostics;
using System.Net;
using Chatable.Bench.Load.Requests;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>Requests by a few askers, each on a connection of its own, the next as soon as the last is answered.</summary>
internal sealed class RequestRun(ChatableSubject subject, int askers, Progress progress)
{
    /// <param name="scenario">What they stand under.</param>
    /// <param name="name">What is asked.</param>
    /// <param name="round">The round.</param>
    /// <param name="time">How long.</param>
    /// <param name="request">The request of an asker's how-manieth time, counted over all askers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<RunResult> RunAsync(
        string scenario, string name, int round, TimeSpan time, Func<long, byte[]> request, CancellationToken cancellationToken)
    {
        progress.Step($"round {round}: {name}");
        var shared = new Shared(request);
        var before = UseSample.Take(subject.Processes);
        var done = await AskAsync(shared, time, cancellationToken);
        var after = UseSample.Take(subject.Processes);

        var times = new Times();
        foreach (var one in done)
            times.Add(one.Times);
        var cpu = after.CpuSince(before);
        return new RunResult
        {
            Scenario = scenario,
            Subject = name,
            Protocol = "REST",
            Round = round,
            Seconds = Math.Round(after.Since(before).TotalSeconds, 2),
            PerSecond = Math.Round(times.Count / after.Since(before).TotalSeconds, 1),
            Counts = new Counts { Refused = done.Sum(one => one.Refused) },
            Delivery = times.Read(),
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / Math.Max(times.Count, 1), 4),
            Compiling = after.CompilingSince(before),
            Megabytes = after.Megabytes(),
            LoadCpu = after.SelfSince(before),
            Others = after.OthersSince(before),
            Trouble = done.Select(one => one.Trouble).FirstOrDefault(trouble => trouble is not null),
        };
    }

    // Threads of their own: they block.
    private Task<Asked[]> AskAsync(Shared shared, TimeSpan time, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, askers).Select(asker => Task.Factory.StartNew(
            () => Ask(subject.AddressOf(asker % subject.Replicas), shared, time), cancellationToken, TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

    private static Asked Ask(IPEndPoint server, Shared shared, TimeSpan time)
    {
        using var line = new HttpLine(server);
        var asked = new Asked();
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            var request = shared.Next();
            var begun = Stopwatch.GetTimestamp();
            var (status, _) = line.Ask(request);
            asked.Times.Add(begun, Stopwatch.GetTimestamp());
            if (status == (int)HttpStatusCode.OK)
                continue;
            asked.Refused++;
            asked.Trouble ??= $"the server answered {status}";
        }

        return asked;
    }

    private sealed class Shared(Func<long, byte[]> request)
    {
        private long _count = -1;

        public byte[] Next() => request(Interlocked.Increment(ref _count));
    }

    private sealed class Asked
    {
        public Times Times { get; } = new();
        public long Refused { get; set; }
        public string? Trouble { get; set; }
    }
}
