using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What the processes use, before the faults and after: for those that have lived through them.</summary>
internal sealed class Bounds
{
    // Of one partition: Intake:Limit. Each server asks for the length at most so often, so a little more may get in.
    private const long IntakeLimit = 21_000;

    // A heap may keep what a burst has made it take; it must not grow with every fault.
    private const double MemorySlack = 150e6;
    private const double FilesSlack = 25;

    private readonly Dictionary<int, (int? Files, long? Memory)> _before;

    private Bounds(Dictionary<int, (int?, long?)> before) => _before = before;

    /// <summary>The longest a partition of the intake was seen.</summary>
    public long LongestIntake { get; private set; }

    public static Bounds Take(FaultCluster cluster) => new(cluster.Services
        .Select(service => service.Node.ProcessId).OfType<int>()
        .ToDictionary(id => id, id => (ProcessTable.OpenFiles(id), ProcessTable.Memory(id))));

    /// <summary>Watches the intake until told to stop.</summary>
    public async Task WatchAsync(FaultCluster cluster, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            LongestIntake = Math.Max(LongestIntake, await cluster.IntakeLengthAsync() ?? 0);
            await Task.Delay(TimeSpan.FromSeconds(1), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public IReadOnlyList<Measure> Compare(FaultCluster cluster)
    {
        List<Measure> all = [new("entries in a partition of the intake", LongestIntake, IntakeLimit)];
        foreach (var node in cluster.Services.Select(service => service.Node))
        {
            if (node.ProcessId is not { } id || !_before.TryGetValue(id, out var before))
                continue;
            if (before.Files is { } files && ProcessTable.OpenFiles(id) is { } filesNow)
                all.Add(new Measure($"{node.Name}: open files", filesNow, files * 1.1 + FilesSlack));
            if (before.Memory is { } memory && ProcessTable.Memory(id) is { } memoryNow)
                all.Add(new Measure($"{node.Name}: bytes of memory", memoryNow, memory * 1.1 + MemorySlack));
        }

        return all;
    }
}
