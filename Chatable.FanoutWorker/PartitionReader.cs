using Chatable.Messaging.Intake;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// Empties one partition: read the head, commit, route, delete. What it deletes is committed, and what it reads begins with the
/// first entry not deleted: so at every moment what is committed is a prefix of the log, and no second reader can change the order.
/// The one condition is that a reader never has two batches in flight.
/// </summary>
internal sealed partial class PartitionReader(
    int partition, IntakeReader intake, BatchCommitter committer, Router router, FanoutOptions options, FanoutMetrics metrics,
    TimeProvider time, ILogger<PartitionReader> logger)
{
    private readonly WakeSignal _wake = new(time);
    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private int _batchSize = options.BatchSize;
    private IAsyncDisposable? _wakeUps;

    /// <summary>Runs until told to stop; a batch in flight then still has <see cref="FanoutOptions.DrainTimeout"/> to finish.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var abort = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var draining = stop.Register(() => abort.CancelAfter(options.DrainTimeout));
        while (!stop.IsCancellationRequested)
            await TryCycleAsync(stop, abort.Token);
        if (_wakeUps is { } wakeUps)
            await wakeUps.DisposeAsync();
    }

    private async Task TryCycleAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            _wakeUps ??= await intake.SubscribeAsync(partition, _wake.Set, stop);
            var entries = await RunCycleAsync(abort);
            _backoff.Reset();
            _batchSize = Math.Min(options.BatchSize, _batchSize * 2);
            if (entries == 0)
                await _wake.WaitAsync(options.PollInterval, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whatever was in flight is repeated by the next reader.
        }
        catch (Exception failure)
        {
            await WaitAfterAsync(failure, stop);
        }
    }

    /// <summary>One batch from the head to its deletion; returns how many entries it had.</summary>
    public async Task<int> RunCycleAsync(CancellationToken cancellationToken)
    {
        var items = await intake.ReadHeadAsync(partition, _batchSize, cancellationToken);
        if (items.Count == 0)
            return 0;

        var started = time.GetTimestamp();
        metrics.BatchRead(items.Count);
        if (SeededBug.Is("xdel_before_commit"))
            await intake.SettleAsync(partition, items, cancellationToken);
        var pending = await DecodeAsync(items, cancellationToken);
        if (SeededBug.Is("two_in_flight"))
            pending = [.. pending.Skip(pending.Count / 2), .. pending.Take(pending.Count / 2)];
        var outcomes = await committer.CommitAsync(partition, pending, cancellationToken);
        CrashPoint.Reach("after_commit");
        await router.RouteAsync(outcomes, cancellationToken);
        CrashPoint.Reach("before_xdel");
        await intake.SettleAsync(partition, items, cancellationToken);
        metrics.BatchSettled(time.GetElapsedTime(started));
        return items.Count;
    }

    private async Task<IReadOnlyList<PendingEntry>> DecodeAsync(IReadOnlyList<IntakeItem> items, CancellationToken cancellationToken)
    {
        var pending = new List<PendingEntry>(items.Count);
        foreach (var item in items)
        {
            if (IntakeEntry.TryDecode(item.Payload, out var entry))
                pending.Add(new PendingEntry(item, entry));
            else
                await committer.DeadLetterAsync(partition, item, "undecodable", attempts: 1, cancellationToken);
        }

        return pending;
    }

    // Fewer entries at once after a failure: should the batch itself be the cause, such as one too slow for the statement timeout
    // or one crossing a user locked by somebody else, the next gets past.
    private async Task WaitAfterAsync(Exception failure, CancellationToken stop)
    {
        var wait = _backoff.Next();
        _batchSize = Math.Max(1, _batchSize / 4);
        metrics.BatchFailed(FailureCode.Of(failure));
        Log.BatchFailed(logger, partition, FailureCode.Of(failure), wait, failure);
        await Task.Delay(wait, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
