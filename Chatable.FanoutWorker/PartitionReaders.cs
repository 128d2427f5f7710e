using Chatable.Messaging.Intake;
using Chatable.Messaging.TestHooks;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker;

/// <summary>The readers this worker runs, at most one of each partition.</summary>
internal sealed class PartitionReaders(
    IntakeReader intake, BatchCommitter committer, Router router, IOptions<FanoutOptions> options, FanoutMetrics metrics,
    TimeProvider time, ILogger<PartitionReader> logger)
{
    private readonly Dictionary<int, (CancellationTokenSource Stop, Task Run)> _running = [];

    // Read by others than the one who starts and stops them.
    private volatile int[] _partitions = [];

    public int Count => _running.Count;

    public int[] Partitions => _partitions;

    public bool IsRunning(int partition) => _running.ContainsKey(partition);

    public void Start(int partition)
    {
        var reader = new PartitionReader(partition, intake, committer, router, options.Value, metrics, time, logger);
        var stop = new CancellationTokenSource();
        SeededBug.RouteEarlyBy(outcomes => router.RouteAsync(outcomes, CancellationToken.None));
        _running.Add(partition, (stop, Task.Run(() => reader.RunAsync(stop.Token), CancellationToken.None)));
        _partitions = [.. _running.Keys.Order()];
        metrics.PartitionTaken();
    }

    /// <summary>Returns when their batches are finished: only then may others, or this worker again, take these partitions.</summary>
    public async Task StopAsync(IReadOnlyCollection<int> partitions)
    {
        var stopping = partitions.Where(IsRunning).Select(partition => (partition, _running[partition])).ToArray();
        foreach (var (_, reader) in stopping)
            await reader.Stop.CancelAsync();

        foreach (var (partition, reader) in stopping)
        {
            await reader.Run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            reader.Stop.Dispose();
            _running.Remove(partition);
            _partitions = [.. _running.Keys.Order()];
            metrics.PartitionGivenUp();
        }
    }
}
