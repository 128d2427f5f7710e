using Chatable.FanoutWorker.Epochs;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Wire;
using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>
/// Processes one batch: commit, publish, delete. Only committed entries are deleted, and each read begins with the first entry not yet
/// deleted. The committed entries of a partition are therefore a prefix of its log at every moment, and a second reader cannot change the
/// order. The only condition: a worker never has a partition in two batches at once.
/// </summary>
internal sealed class BatchProcessor(
    BatchCommitter committer, DeadRegistrations dead, KnownHeads known, FanoutMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// Stores heads of different partitions together. If this throws, they must be read again.
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
    /// Publishes and deletes. The command has been sent when this method returns its task. If a head could not be deleted, or the call
    /// fails, the head must be read again, and its entries are then found to be repeats.
    /// </summary>
    /// <param name="batch">The result of <see cref="CommitAsync"/>.</param>
    /// <param name="connection">Later reads on its connection begin with the first entry not deleted.</param>
    /// <returns>For each head, why it could not be deleted, or null.</returns>
    public async Task<IReadOnlyList<RedisException?>> FinishAsync(CommittedBatch batch, PublishAndTrim connection)
    {
        var result = await connection.RunAsync(batch.Untold, batch.Heads, CancellationToken.None);
        metrics.Routed(result.Told);
        metrics.BatchSettled(time.GetElapsedTime(batch.StartedAt));
        dead.Add(result.Dead);
        return result.Failures;
    }

    // Dead letters have left the intake, so a head must be identified by its last entry that is still there. A head whose entries are all
    // dead letters stays as it is: the intake holds none of them.
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

/// <summary>A batch that is stored, but not yet published to the servers and deleted from the intake.</summary>
/// <param name="Heads">The heads as read, without the entries that became dead letters.</param>
/// <param name="Untold">The items to publish to the servers.</param>
/// <param name="StartedAt">When the batch had been read, as a timestamp of the time provider.</param>
internal sealed record CommittedBatch(IReadOnlyList<PartitionHead> Heads, IReadOnlyList<AddressedItem> Untold, long StartedAt);

/// <summary>An entry that was read from the intake and is not yet processed.</summary>
internal sealed record PendingEntry(int Partition, IntakeItem Item, IntakeEntry Entry)
{
    /// <summary>Whether the entry has become a dead letter.</summary>
    public bool IsPutAside { get; set; }

    /// <summary>The time of arrival, by Redis' clock: a stream's id begins with the milliseconds since 1970.</summary>
    public DateTimeOffset? ArrivedAt =>
        Item.Id.ToString().Split('-') is [var text, _] && long.TryParse(text, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
