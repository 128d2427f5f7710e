using Chatable.Messaging.Intake;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>Counts the dead letters of this worker's partitions, and logs a warning when a count has grown.</summary>
internal sealed partial class DeadLetterWatch(
    DeadLetterLog letters, AssignedPartitions readers, IOptions<FanoutOptions> options, FanoutMetrics metrics, TimeProvider time,
    ILogger<DeadLetterWatch> logger) : BackgroundService
{
    private IReadOnlyDictionary<int, long> _seen = new Dictionary<int, long>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.DeadLetterCheck, time);
        do
        {
            await TryLookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TryLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(readers.Partitions, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The gauge keeps its last value. Components that need Redis report its absence themselves.
            Log.NotCounted(logger, failure.GetType().Name);
        }
    }

    /// <summary>Runs one check. A partition that this worker has just taken counts as having had none.</summary>
    public async Task LookAsync(IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        var counts = await letters.CountAsync(partitions, cancellationToken);
        metrics.DeadLettersCounted(counts.Values.Sum());
        foreach (var (partition, count) in counts)
        {
            if (count > _seen.GetValueOrDefault(partition))
                Log.Waiting(logger, partition, count);
        }

        _seen = counts;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Dead letters in partition {Partition}: {Count}. The command 'dlq list' shows them.")]
        public static partial void Waiting(ILogger logger, int partition, long count);

        [LoggerMessage(LogLevel.Debug, "The dead letters could not be counted ({Error}).")]
        public static partial void NotCounted(ILogger logger, string error);
    }
}
