using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What the processes use, before the faults and after: for those that have lived through them.</summary>
internal sealed class Bounds
{
    // Of one partition: Intake:Limit. Each server asks for the length at most so often, so a little more may get in.
    private const long IntakeLimit = 21_000;

    // What a compacted heap may hold beyond its tenth: caches of users and tokens, buffers that pools keep.
    private const double HeapSlack = 8e6;

    // Beside the heap: code compiled meanwhile, stacks of more threads.
    private const double MemorySlack = 50e6;

    // Devices are on other servers after the faults than before.
    private const double FilesSlack = 25;

    private readonly Dictionary<int, Usage> _before;

    private Bounds(Dictionary<int, Usage> before) => _before = before;

    /// <summary>The longest a partition of the intake was seen.</summary>
    public long LongestIntake { get; private set; }

    public static async Task<Bounds> TakeAsync(FaultCluster cluster, CancellationToken cancellationToken) =>
        new((await Task.WhenAll(cluster.Services.Select(service => Usage.OfAsync(service.Node, cancellationToken))))
            .OfType<Usage>().ToDictionary(usage => usage.ProcessId));

    /// <summary>What the heap may hold of a process that has held as much before.</summary>
    public static double HeapLimit(Usage before) => before.Heap * 1.1 + HeapSlack;

    /// <summary>Watches the intake until told to stop.</summary>
    public async Task WatchAsync(FaultCluster cluster, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            LongestIntake = Math.Max(LongestIntake, await cluster.IntakeLengthAsync() ?? 0);
            await Task.Delay(TimeSpan.FromSeconds(1), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<IReadOnlyList<Measure>> CompareAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        List<Measure> all = [new("entries in a partition of the intake", LongestIntake, IntakeLimit)];
        foreach (var node in cluster.Services.Select(service => service.Node))
        {
            if (await Usage.OfAsync(node, cancellationToken) is not { } now || !_before.TryGetValue(now.ProcessId, out var before))
                continue;
            all.Add(new Measure($"{node.Name}: open files", now.Files, before.Files * 1.1 + FilesSlack));
            all.Add(new Measure($"{node.Name}: bytes of heap", now.Heap, HeapLimit(before)));
            all.Add(new Measure($"{node.Name}: bytes of memory", now.Memory, before.Memory * 1.1 + MemorySlack));
        }

        return all;
    }
}
