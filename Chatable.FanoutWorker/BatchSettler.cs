using Chatable.Messaging.Intake;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// One batch from what was read to what may be deleted: commit, route. Only what is committed is deleted, and what was read begins with
/// the first entry not deleted: so at every moment what is committed of a partition is a prefix of its log, and no second reader can
/// change the order. The one condition is that a worker never has a partition in two batches at once.
/// </summary>
internal sealed class BatchSettler(
    IntakeReader intake, BatchCommitter committer, Router router, FanoutMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// Settles heads of different partitions together: stores and tells. Where it throws, they are to be read again; else to be deleted,
    /// and where that fails, what was not deleted is read again and found to be repeated.
    /// </summary>
    public async Task SettleAsync(IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        metrics.BatchRead(heads.Sum(head => head.Items.Count));
        if (SeededBug.Is("xdel_before_commit"))
            await intake.SettleAsync(heads, cancellationToken);
        var outcomes = await committer.CommitAsync(await DecodeAsync(heads, cancellationToken), cancellationToken);
        CrashPoint.Reach("after_commit");
        await router.RouteAsync(outcomes, cancellationToken);
        CrashPoint.Reach("before_xdel");
        metrics.BatchSettled(time.GetElapsedTime(started));
    }

    private async Task<List<PendingEntry>> DecodeAsync(IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        var pending = new List<PendingEntry>(heads.Sum(head => head.Items.Count));
        foreach (var (partition, items) in heads)
        {
            var first = pending.Count;
            foreach (var item in items)
            {
                if (IntakeEntry.TryDecode(item.Payload, out var entry))
                    pending.Add(new PendingEntry(partition, item, entry));
                else
                    await committer.DeadLetterAsync(partition, item, "undecodable", attempts: 1, cancellationToken);
            }

            if (SeededBug.Is("two_in_flight"))
                pending.Reverse(first, pending.Count - first);
        }

        return pending;
    }
}
