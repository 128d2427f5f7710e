using Chatable.FanoutWorker.Epochs;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Wire;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>
/// One batch from what was read to its end: commit, tell, delete. Only what is committed is deleted, and what was read begins with the
/// first entry not deleted: so at every moment what is committed of a partition is a prefix of its log, and no second reader can change
/// the order. The one condition is that a worker never has a partition in two batches at once.
/// </summary>
internal sealed class BatchProcessor(
    BatchCommitter committer, DeadRegistrations dead, KnownHeads known, FanoutMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// Stores heads of different partitions together. Where it throws, they are to be read again.
    /// </summary>
    public async Task<CommittedBatch> CommitAsync(IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        metrics.BatchRead(heads.Sum(head => head.Items.Count));
        var pending = await DecodeAsync(heads, cancellationToken);
        var outcomes = await committer.CommitAsync(pending, cancellationToken);
        known.Committed(outcomes);
        var left = WithoutDeadLetters(heads, pending);
        return new CommittedBatch(left, [.. outcomes.Select(AddressedItem.Of)], started);
    }

    /// <summary>
    /// Tells and deletes; the command is under way when this returns to its caller. Where a head could not be deleted, or the whole fails,
    /// it is to be read again, and found to be repeated.
    /// </summary>
    /// <param name="batch">What <see cref="CommitAsync"/> made.</param>
    /// <param name="connection">What is read on its connection after this begins with the first entry not deleted.</param>
    /// <returns>For each head why it could not be deleted, or null.</returns>
    public async Task<IReadOnlyList<RedisException?>> FinishAsync(CommittedBatch batch, PublishAndTrim connection)
    {
        var result = await connection.RunAsync(batch.Untold, batch.Heads, CancellationToken.None);
        metrics.Routed(result.Told);
        metrics.BatchSettled(time.GetElapsedTime(batch.StartedAt));
        dead.Add(result.Dead);
        return result.Failures;
    }

    // They are not in the intake any more, and what was read is known again by its last entry that still is. A head of dead letters alone
    // stays as it is: the intake has nothing of it.
    private static IReadOnlyList<PartitionHead> WithoutDeadLetters(IReadOnlyList<PartitionHead> heads, List<PendingEntry> pending)
    {
        if (pending.Count == heads.Sum(head => head.Items.Count) && !pending.Exists(one => one.IsPutAside))
            return heads;

        var left = pending.Where(one => !one.IsPutAside).Select(one => (one.Partition, one.Item.Id)).ToHashSet();
        return [.. heads.Select(head =>
            head.Items.Where(item => left.Contains((head.Partition, item.Id))).ToArray() is { Length: > 0 } items
                ? head with { Items = items }
                : head)];
    }

    private async Task<List<PendingEntry>> DecodeAsync(IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        var pending = new List<PendingEntry>(heads.Sum(head => head.Items.Count));
        foreach (var (partition, items) in heads)
        {
            foreach (var item in items)
            {
                if (IntakeEntry.TryDecode(item.Payload, out var entry))
                    pending.Add(new PendingEntry(partition, item, entry));
                else
                    await committer.DeadLetterAsync(partition, item, "undecodable", attempts: 1, cancellationToken);
            }
        }

        return pending;
    }
}

/// <summary>A batch that is stored: what is left is to tell servers of it, and to delete it from the intake.</summary>
/// <param name="Heads">What it was read as, without what is among the dead letters now.</param>
/// <param name="Untold">What servers are to be told.</param>
/// <param name="StartedAt">When it had been read, as a timestamp of the time provider.</param>
internal sealed record CommittedBatch(IReadOnlyList<PartitionHead> Heads, IReadOnlyList<AddressedItem> Untold, long StartedAt);

/// <summary>An entry read from the intake and not yet settled.</summary>
internal sealed record PendingEntry(int Partition, IntakeItem Item, IntakeEntry Entry)
{
    /// <summary>Whether it has gone among the dead letters.</summary>
    public bool IsPutAside { get; set; }

    /// <summary>When it arrived, by Redis' clock: a stream's id begins with the milliseconds since 1970.</summary>
    public DateTimeOffset? ArrivedAt =>
        Item.Id.ToString().Split('-') is [var text, _] && long.TryParse(text, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
