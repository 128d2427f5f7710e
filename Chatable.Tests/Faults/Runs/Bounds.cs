using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What the processes use, before the faults and after, for those that have survived.</summary>
internal sealed class Bounds
{
    // Per partition: Intake:Limit. Each server checks the length only now and then, so slightly more may get in.
    private const long IntakeLimit = 21_000;

    // What a compacted heap may hold above 110%: caches of users and tokens, buffers in pools.
    private const double HeapSlack = 8e6;

    // Apart from the heap: newly compiled code, stacks of more threads.
    private const double MemorySlack = 50e6;

    // After the faults, devices are on other servers than before.
    private const double FilesSlack = 25;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    private readonly Dictionary<int, Usage> _before;

    private Bounds(Dictionary<int, Usage> before) => _before = before;

    /// <summary>The maximum length of a partition of the intake.</summary>
    public long LongestIntake { get; private set; }

    public static async Task<Bounds> TakeAsync(FaultCluster cluster, CancellationToken cancellationToken) =>
        new((await Task.WhenAll(cluster.Services.Select(service => Usage.OfAsync(service.Node, cancellationToken))))
            .OfType<Usage>().ToDictionary(usage => usage.ProcessId));

    /// <summary>The heap limit of a process that held this much before.</summary>
    public static double HeapLimit(Usage before) => before.Heap * 1.1 + HeapSlack;

    /// <summary>The limit for open files that were this many before.</summary>
    public static double FilesLimit(long before) => before * 1.1 + FilesSlack;

    /// <summary>The memory limit of a process that had this much before.</summary>
    public static double MemoryLimit(long before) => before * 1.1 + MemorySlack;

    /// <summary>For a process with the same work as before.</summary>
    public static IEnumerable<Measure> Compare(string name, Usage before, Usage now) =>
    [
        new($"{name}: open files{Growth(before, now)}", now.Files, FilesLimit(before.Files)),
        new($"{name}: bytes of heap", now.Heap, HeapLimit(before)),
        new($"{name}: bytes of memory", now.Memory, MemoryLimit(before.Memory)),
    ];

    /// <summary>Watches the intake until told to stop.</summary>
    public async Task WatchAsync(FaultCluster cluster, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            LongestIntake = Math.Max(LongestIntake, await cluster.IntakeLengthAsync() ?? 0);
            await Task.Delay(TimeSpan.FromSeconds(1), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Waits until all are within their bounds, or until the time is up: a pool releases the buffers of a flood only after a minute without
    /// use, and a leak never does.
    /// </summary>
    public async Task<IReadOnlyList<Measure>> CompareAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        for (var until = Environment.TickCount64 + s_patience.TotalMilliseconds; ; await Task.Delay(s_look, cancellationToken))
        {
            var measures = await MeasureAsync(cluster, cancellationToken);
            if (measures.All(one => one.Value <= one.Limit) || Environment.TickCount64 > until)
                return measures;
        }
    }

    private async Task<IReadOnlyList<Measure>> MeasureAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        List<Measure> all = [new("entries in a partition of the intake", LongestIntake, IntakeLimit)];
        foreach (var node in cluster.Services.Select(service => service.Node))
        {
            if (await Usage.OfAsync(node, cancellationToken) is not { } now || !_before.TryGetValue(now.ProcessId, out var before))
                continue;
            all.AddRange(Compare(node.Name, before, now));
        }

        return all;
    }

    // " (socket +70, .dll +3)"
    private static string Growth(Usage before, Usage now)
    {
        var grown = now.FilesByKind
            .Select(kind => (kind.Key, More: kind.Value - before.FilesByKind.GetValueOrDefault(kind.Key)))
            .Where(kind => kind.More > 0)
            .OrderByDescending(kind => kind.More)
            .Select(kind => $"{kind.Key} +{kind.More}");
        return string.Join(", ", grown) is { Length: > 0 } list ? $" ({list})" : "";
    }
}
