using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>
/// Reads for a lane, on a connection nobody else uses: it waits there for what comes. What the lane has settled is deleted on it too, and
/// Redis does one thing after the other there, so nothing has to wait for the answer to a deletion before it reads.
/// </summary>
/// <remarks>
/// <paramref name="connection"/> connects when first needed; <paramref name="alone"/> is called for a member whose partition cannot be
/// read or deleted from, which has to go on by itself.
/// </remarks>
internal sealed partial class LaneReader(
    Lazy<LaneConnection> connection, Action<LaneMember> alone, FanoutOptions options, FanoutMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int MaxHalvings = 16;

    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private readonly BatchShare _share = new(options.BatchSize);

    // So often the number of entries is halved that are read at once: what timed out may have been too much.
    private int _halvings;

    // A reading that waits cannot be called back, and another would wait behind it.
    private Task<IReadOnlyList<PartitionHead>>? _reading;

    /// <summary>
    /// Waits for what there is, and for what was settled last to be deleted. Empty after a while, or where others are to go together.
    /// </summary>
    public async Task<LaneBatch> ReadAsync(Gathering gathering)
    {
        var each = Math.Max(1, _share.OfEach(gathering.Members.Count) >> _halvings);
        var heads = await TryReadTogetherAsync(gathering, each) ?? await ReadEachAsync(gathering, each);
        var members = new List<LaneMember>(gathering.Members.Count);
        foreach (var member in gathering.Members)
        {
            if (await HasDeletedAsync(member))
                members.Add(member);
        }

        return BatchOf(members, heads);
    }

    private LaneBatch BatchOf(IEnumerable<LaneMember> members, IReadOnlyList<PartitionHead> heads)
    {
        var byPartition = _share.Take(heads).ToDictionary(head => head.Partition);
        LaneMember[] some = [.. members.Where(member => byPartition.ContainsKey(member.Partition))];
        return new LaneBatch(some, Array.ConvertAll(some, member => byPartition[member.Partition]));
    }

    // Null where at least one cannot be read; nothing, after a while, where the connection cannot. The partitions are not left to
    // themselves then: they have another connection, and would be back at once, again and again.
    private async Task<IReadOnlyList<PartitionHead>?> TryReadTogetherAsync(Gathering gathering, int count)
    {
        try
        {
            _reading ??= connection.Value.Reader.ReadHeadsAsync(
                [.. gathering.Members.Select(member => member.Partition)], count, options.PollInterval, CancellationToken.None);
            if (await Task.WhenAny(_reading, gathering.Changed) != _reading)
                return [];
            var read = await _reading;
            _reading = null;
            _backoff.Reset();
            _halvings = Math.Max(0, _halvings - 1);
            return read;
        }
        catch (RedisServerException failure)
        {
            _reading = null;
            Log.NotReadTogether(logger, FailureCode.Of(failure), failure);
            return null;
        }
        catch (Exception failure)
        {
            _reading = null;
            _halvings = Math.Min(MaxHalvings, _halvings + 2);
            var wait = _backoff.Next();
            metrics.BatchFailed(FailureCode.Of(failure));
            Log.NotConnected(logger, FailureCode.Of(failure), wait, failure);
            await Task.WhenAny(Task.Delay(wait, time), gathering.Changed);
            return [];
        }
    }

    private async Task<IReadOnlyList<PartitionHead>> ReadEachAsync(Gathering gathering, int count)
    {
        var heads = await Task.WhenAll(gathering.Members.Select(async member =>
        {
            try
            {
                return new PartitionHead(
                    member.Partition, await connection.Value.Reader.ReadHeadAsync(member.Partition, count, CancellationToken.None));
            }
            catch (Exception failure)
            {
                LeaveToItself(member, failure);
                return new PartitionHead(member.Partition, []);
            }
        }));
        PartitionHead[] found = [.. heads.Where(head => head.Items.Count > 0)];
        if (found.Length == 0)
            await Task.WhenAny(Task.Delay(options.PollInterval, time), gathering.Changed);
        return found;
    }

    private async Task<bool> HasDeletedAsync(LaneMember member)
    {
        try
        {
            await member.TakeDeletionAsync();
            return true;
        }
        catch (Exception failure)
        {
            LeaveToItself(member, failure);
            return false;
        }
    }

    private void LeaveToItself(LaneMember member, Exception failure)
    {
        metrics.BatchFailed(FailureCode.Of(failure));
        Log.Unreadable(logger, member.Partition, FailureCode.Of(failure), failure);
        alone(member);
    }
}

/// <summary>
/// Shares a batch out among the partitions that are read together. One read takes as many entries of each: more of them once a partition
/// had more than that and the batch had room, so that one with many writers does not fall behind the others.
/// </summary>
internal sealed class BatchShare(int batchSize)
{
    // So many batches are read at once at most, where others have something than did the last time. The rest stays where it is.
    private const int Spare = 4;

    private int _each;

    /// <summary>Entries to read of each of so many partitions.</summary>
    public int OfEach(int partitions) =>
        _each = Math.Clamp(_each, Math.Max(1, batchSize / partitions), Math.Max(1, Spare * batchSize / partitions));

    /// <summary>No more than a batch, or one entry of each: all of those that have few, and as many of each of the others.</summary>
    public IReadOnlyList<PartitionHead> Take(IReadOnlyList<PartitionHead> heads)
    {
        var read = heads.Sum(head => head.Items.Count);
        if (read > batchSize)
        {
            _each = EvenShare([.. heads.Select(head => head.Items.Count).Order()]);
            return [.. heads.Select(head => head.Items.Count <= _each ? head : head with { Items = [.. head.Items.Take(_each)] })];
        }

        if (read <= batchSize * 3 / 4 && heads.Any(head => head.Items.Count >= _each))
            _each *= 2;
        return heads;
    }

    // What the small ones leave of their share goes to the larger.
    private int EvenShare(int[] ascending)
    {
        var left = batchSize;
        for (var i = 0; i < ascending.Length; i++)
        {
            var share = left / (ascending.Length - i);
            if (ascending[i] > share)
                return Math.Max(1, share);
            left -= ascending[i];
        }

        return batchSize;
    }
}
