using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Publishing;

namespace Chatable.FanoutWorker;

/// <summary>
/// Gets one partition past what made a batch of several fail, or one of its own: with waits that grow, and with fewer entries at once, in
/// case the batch itself is the cause, such as one too slow for the statement timeout or one that crosses a user somebody has locked. Where
/// only somebody can mend the cause, it says so, and blames no entry.
/// </summary>
internal sealed partial class PartitionRecovery(
    int partition, IntakeReader intake, PublishAndTrim publishAndTrim, BatchProcessor processor, FanoutOptions options, FanoutMetrics metrics,
    TimeProvider time, ILogger<PartitionRecovery> logger)
{
    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private string? _stoppedBy;

    public int Partition => partition;

    /// <summary>
    /// Returns when batches of the full size succeed again, or nothing is left; or when told to stop, for which a batch in flight has
    /// <see cref="FanoutOptions.DrainTimeout"/>.
    /// </summary>
    public async Task GetThroughAsync(CancellationToken stop)
    {
        using var abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var draining = stop.Register(() => abort.CancelAfter(options.DrainTimeout));
        try
        {
            await GetThroughAsync(abort.Token, stop);
        }
        finally
        {
            // Whoever reads it next says so anew.
            GoOn();
            _backoff.Reset();
        }
    }

    private async Task GetThroughAsync(CancellationToken abort, CancellationToken stop)
    {
        var size = Math.Max(1, options.BatchSize / 4);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var entries = await RunCycleAsync(size, abort);
                GoOn();
                if (entries == 0 || size == options.BatchSize)
                    break;
                _backoff.Reset();
                size = Math.Min(options.BatchSize, size * 2);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                size = Math.Max(1, size / 4);
                NoteStop(failure);
                await WaitAfterAsync(failure, stop);
            }
        }
    }

    // Said once for each stop: the same failure comes again every few seconds.
    private void NoteStop(Exception failure)
    {
        if (!(PersistFailures.IsAlarming(failure) || failure is DeadLettersFullException) || FailureCode.Of(failure) == _stoppedBy)
            return;
        GoOn();
        _stoppedBy = FailureCode.Of(failure);
        metrics.PartitionStopped(_stoppedBy);
        Log.Stopped(logger, partition, _stoppedBy);
    }

    private void GoOn()
    {
        if (_stoppedBy is null)
            return;
        metrics.PartitionGoesOn(_stoppedBy);
        Log.GoesOn(logger, partition, _stoppedBy);
        _stoppedBy = null;
    }

    private async Task<int> RunCycleAsync(int size, CancellationToken cancellationToken)
    {
        var items = await intake.ReadHeadAsync(partition, size, cancellationToken);
        if (items.Count > 0)
        {
            var committed = await processor.CommitAsync([new PartitionHead(partition, items)], cancellationToken);
            if (await processor.FinishAsync(committed, publishAndTrim) is [{ } failure])
                throw failure;
        }

        return items.Count;
    }

    private async Task WaitAfterAsync(Exception failure, CancellationToken stop)
    {
        var wait = _backoff.Next();
        metrics.BatchFailed(FailureCode.Of(failure));
        Log.BatchFailed(logger, partition, FailureCode.Of(failure), wait, failure);
        await Task.Delay(wait, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
