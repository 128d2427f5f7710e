using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Publishing;

namespace Chatable.FanoutWorker;

/// <summary>
/// Retries one partition after a failed batch, with growing delays and smaller batches. A smaller batch helps if the batch itself is the
/// cause: it was too slow for the statement timeout, or it contains a user that another transaction has locked. If only a person can fix
/// the cause, this is logged, and no entry is blamed.
/// </summary>
internal sealed partial class PartitionRecovery(
    int partition, IntakeReader intake, PublishAndTrim publishAndTrim, BatchProcessor processor, FanoutOptions options, FanoutMetrics metrics,
    TimeProvider time, ILogger<PartitionRecovery> logger)
{
    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private string? _stoppedBy;

    public int Partition => partition;

    /// <summary>
    /// Returns when batches of full size succeed again or nothing is left. Also returns on <paramref name="stop"/>; a batch in flight then
    /// has <see cref="FanoutOptions.DrainTimeout"/> to finish.
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
            // The next reader reports the stop again.
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

    // Logged once per stop: the same failure recurs every few seconds.
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
