using Chatable.Messaging.Intake;

namespace Chatable.FanoutWorker.Lanes;

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
