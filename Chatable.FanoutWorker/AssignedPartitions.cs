using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker;

/// <summary>The partitions this worker reads, divided among its lanes.</summary>
internal sealed class AssignedPartitions
{
    private readonly Lane[] _lanes;
    private readonly Func<int, PartitionRecovery> _createRecovery;
    private readonly FanoutMetrics _metrics;

    // Other threads read this than the one that starts and stops partitions.
    private volatile int[] _partitions = [];

    public AssignedPartitions(
        LaneConnections connections, IntakeReader intake, PublishAndTrim publishAndTrim, BatchProcessor processor,
        IOptions<FanoutOptions> options, FanoutMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        _metrics = metrics;
        _lanes = [.. Enumerable.Range(0, options.Value.Lanes).Select(
            lane => new Lane(() => connections.Of(lane), processor, options.Value, metrics, time, loggers.CreateLogger<Lane>()))];
        _createRecovery = partition => new PartitionRecovery(
            partition, intake, publishAndTrim, processor, options.Value, metrics, time, loggers.CreateLogger<PartitionRecovery>());
    }

    public int Count => _partitions.Length;

    public int[] Partitions => _partitions;

    public bool IsRunning(int partition) => _partitions.Contains(partition);

    public void Start(int partition)
    {
        LaneOf(partition).Add(_createRecovery(partition));
        _partitions = [.. _partitions.Append(partition).Order()];
        _metrics.PartitionTaken();
    }

    /// <summary>
    /// Returns when the partitions' batches are finished. Only then may this or another worker take the partitions again.
    /// </summary>
    public async Task StopAsync(IReadOnlyCollection<int> partitions)
    {
        var stopping = partitions.Where(IsRunning).ToArray();
        await Task.WhenAll(stopping.Select(partition => LaneOf(partition).RemoveAsync(partition)));
        _partitions = [.. _partitions.Except(stopping)];
        foreach (var _ in stopping)
            _metrics.PartitionGivenUp();
    }

    private Lane LaneOf(int partition) => _lanes[partition % _lanes.Length];
}
