using Chatable.Messaging.Intake;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>
/// Reads for a lane, on a connection of its own where reads may block. The lane's deletions use the same connection, and Redis runs its
/// commands in order. A read therefore need not wait for the result of an earlier deletion.
/// </summary>
/// <remarks>
/// <paramref name="connection"/> connects on first use. <paramref name="alone"/> is called for a member whose partition cannot be read or
/// deleted from; that member is then processed alone.
/// </remarks>
internal sealed partial class LaneReader(
    Lazy<LaneConnection> connection, Action<LaneMember> alone, FanoutOptions options, FanoutMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int MaxHalvings = 16;

    private readonly Backoff _backoff = new(options.FirstBackoff, options.MaxBackoff);
    private readonly BatchShare _share = new(options.BatchSize);

    // How many times the number of entries per read is halved: a read that timed out may have been too large.
    private int _halvings;

    // A blocked read cannot be cancelled, and another one would wait behind it.
    private Task<IReadOnlyList<PartitionHead>>? _reading;

    /// <summary>
    /// Waits for entries, and for the last batch's deletions. Returns an empty batch after a while, or when the lane's members change.
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

    // Returns null if at least one partition cannot be read. If the connection fails, returns nothing after a delay. The partitions are not
    // processed alone in that case: they would use another connection, return at once, and repeat this in a loop.
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
/// Divides a batch among the partitions that are read together. One read takes the same number of entries from each. The number grows once
/// a partition had more and the batch had room, so that a partition with many writers does not fall behind.
/// </summary>
internal sealed class BatchShare(int batchSize)
{
    // A read fetches at most this many batches, if the distribution over the partitions changes between reads. The surplus stays in the
    // intake.
    private const int Spare = 4;

    private int _each;

    /// <summary>The number of entries to read from each of the given number of partitions.</summary>
    public int OfEach(int partitions) =>
        _each = Math.Clamp(_each, Math.Max(1, batchSize / partitions), Math.Max(1, Spare * batchSize / partitions));

    /// <summary>
    /// Returns at most one batch, or one entry of each. Small heads are taken whole, and the larger ones are cut to an equal size.
    /// </summary>
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

    // The unused part of the small heads' shares goes to the larger heads.
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
