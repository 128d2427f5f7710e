using System.Runtime.ExceptionServices;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker;

/// <summary>
/// Stores a batch whatever is in it. Where the database refuses it for what it holds, it is halved until the culprit stands alone:
/// that one goes among the dead letters, and the others are stored in their order.
/// </summary>
internal sealed partial class BatchCommitter(
    MessageStore store, IntakeReader intake, ServerRegistry registry, ServerQueue queue, IOptions<FanoutOptions> options,
    FanoutMetrics metrics, TimeProvider time, ILogger<BatchCommitter> logger)
{
    /// <summary>What is still to be told of the entries. Where it throws, a part may be stored: repeating the whole does no harm.</summary>
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

    /// <exception cref="DeadLettersFullException">The entry stays, and with it the partition.</exception>
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

    // Before anything later is stored: were it to become storable one day, it must not follow what came after it.
    private async Task RefuseAsync(PendingEntry pending, Exception failure, CancellationToken cancellationToken)
    {
        var attempts = await intake.CountAttemptAsync(pending.Partition, pending.Item, cancellationToken);
        if (PersistFailures.Classify(failure) is PersistFailure.Unforeseen && attempts < options.Value.MaxAttempts)
            ExceptionDispatchInfo.Throw(failure);

        // Told before it is put aside, for after that nothing remembers it: were the rest of the batch to fail, nobody would be told.
        // Where putting it aside fails it is told again, which does no harm.
        var refused = new MessageRefused(pending.Entry.ClientId, RefusalCode.Invalid, pending.Entry.Origin);
        await TellAsync(refused, cancellationToken);
        await DeadLetterAsync(pending.Partition, pending.Item, PersistFailures.CodeOf(failure), attempts, cancellationToken);
        pending.IsPutAside = true;
        metrics.Decided("invalid", 1);
    }

    // Where it came from, even where Redis is out of memory: nobody will say so again.
    private async Task TellAsync(MessageRefused refused, CancellationToken cancellationToken)
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

        metrics.Decided("stored", outcomes.Count(outcome => outcome is MessageStored));
        metrics.Decided("repeated", outcomes.Count(outcome => outcome is MessageRepeated));
        metrics.Decided("out_of_order", outcomes.Count(outcome => outcome is MessageRefused { Code: RefusalCode.OutOfOrder }));
        metrics.Decided("key_reused", outcomes.Count(outcome => outcome is MessageRefused { Code: RefusalCode.KeyReused }));
    }
}
