using System.Runtime.ExceptionServices;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker;

/// <summary>
/// Stores a batch, including one with an entry that cannot be stored. If the database rejects the batch's content, the batch is halved
/// until the faulty entry is alone. That entry becomes a dead letter, and the others are stored in order.
/// </summary>
internal sealed partial class BatchCommitter(
    MessageStore store, IntakeReader intake, ServerRegistry registry, ServerQueue queue, IOptions<FanoutOptions> options,
    FanoutMetrics metrics, TimeProvider time, ILogger<BatchCommitter> logger)
{
    /// <summary>
    /// Returns the outcomes still to be published. After an exception, part of the batch may be stored. Repeating the whole is safe.
    /// </summary>
    public async Task<IReadOnlyList<IDispatch>> CommitAsync(IReadOnlyList<PendingEntry> pending, CancellationToken cancellationToken)
    {
        if (pending.Count == 0)
            return [];

        using var spans = CommitSpans.Start(pending);
        var outcomes = new List<IDispatch>(pending.Count);
        await CommitAsync(pending, outcomes, cancellationToken);
        Count(pending, outcomes);
        return spans.Continue(outcomes);
    }

    /// <exception cref="DeadLettersFullException">The entry stays, and its partition stops.</exception>
    public async Task DeadLetterAsync(
        int partition, IntakeItem item, string code, long attempts, CancellationToken cancellationToken)
    {
        if (!await intake.DeadLetterAsync(partition, item, code, attempts, cancellationToken))
        {
            metrics.DeadLettersFull();
            Log.DeadLettersFull(logger, partition, item.Id.ToString(), code);
            throw new DeadLettersFullException(partition);
        }

        metrics.DeadLettered(code);
        Log.DeadLettered(logger, partition, item.Id.ToString(), code, attempts);
    }

    private async Task CommitAsync(IReadOnlyList<PendingEntry> pending, List<IDispatch> outcomes, CancellationToken cancellationToken)
    {
        try
        {
            outcomes.AddRange(await store.PersistAsync([.. pending.Select(one => one.Entry)], cancellationToken));
        }
        catch (Exception failure) when (failure is not OperationCanceledException && IsOfTheBatch(failure))
        {
            if (pending.Count == 1)
            {
                await RefuseAsync(pending[0], failure, cancellationToken);
                return;
            }

            var half = pending.Count / 2;
            await CommitAsync([.. pending.Take(half)], outcomes, cancellationToken);
            await CommitAsync([.. pending.Skip(half)], outcomes, cancellationToken);
        }
    }

    private static bool IsOfTheBatch(Exception failure) => PersistFailures.Classify(failure) is not PersistFailure.Transient;

    // Runs before later entries are stored. If the entry became storable one day, it must not follow entries that came after it.
    private async Task RefuseAsync(PendingEntry pending, Exception failure, CancellationToken cancellationToken)
    {
        var attempts = await intake.CountAttemptAsync(pending.Partition, pending.Item, cancellationToken);
        if (PersistFailures.Classify(failure) is PersistFailure.Unforeseen && attempts < options.Value.MaxAttempts)
            ExceptionDispatchInfo.Throw(failure);

        // The origin is told before the entry is moved, because afterwards nothing remembers it: if the rest of the batch failed, nobody
        // would be told. If the move fails, the origin is told again, which is harmless.
        var refused = new CommandRefused(pending.Entry.ClientId, RefusalCode.Invalid, pending.Entry.Origin);
        await TellAsync(refused, cancellationToken);
        await DeadLetterAsync(pending.Partition, pending.Item, PersistFailures.CodeOf(failure), attempts, cancellationToken);
        pending.IsPutAside = true;
        metrics.Decided("invalid", 1);
    }

    // Tells the origin even if Redis is out of memory, because the refusal is not sent again.
    private async Task TellAsync(CommandRefused refused, CancellationToken cancellationToken)
    {
        if ((await registry.FindLiveAsync([refused.Origin.BootId], cancellationToken)).Count > 0)
        {
            var batch = new ServerBatch(refused.Origin.BootId, DispatchBatch.Encode([refused]));
            metrics.Routed([await queue.InsistAsync(batch, cancellationToken)]);
        }
    }

    private void Count(IReadOnlyList<PendingEntry> pending, List<IDispatch> outcomes)
    {
        var now = time.GetUtcNow();
        foreach (var one in pending)
        {
            if (one.ArrivedAt is { } arrived)
                metrics.Committed(now > arrived ? now - arrived : TimeSpan.Zero);
        }

        metrics.Decided("stored", outcomes.Count(outcome => outcome is EntryStored));
        metrics.Decided("repeated", outcomes.Count(outcome => outcome is CommandRepeated));
        metrics.Decided("out_of_order", outcomes.Count(outcome => outcome is CommandRefused { Code: RefusalCode.OutOfOrder }));
        metrics.Decided("key_reused", outcomes.Count(outcome => outcome is CommandRefused { Code: RefusalCode.KeyReused }));
    }
}
