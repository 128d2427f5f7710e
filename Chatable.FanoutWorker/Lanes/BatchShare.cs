using Chatable.Messaging.Intake;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>Shares a batch out among the partitions that are read together.</summary>
internal static class BatchShare
{
    // So many times a batch is read at most, where others have something than did the last time. The rest stays where it is.
    private const int Spare = 4;

    /// <summary>
    /// Entries to read of each: an equal share for as many as had something the last time, within what may be read at all.
    /// </summary>
    /// <param name="batchSize">At least 1.</param>
    /// <param name="partitions">Those that are read.</param>
    /// <param name="busy">Those of them that had something the last time.</param>
    public static int OfEach(int batchSize, int partitions, int busy) =>
        Math.Max(1, Math.Min(batchSize / (busy > 0 ? busy : partitions), Spare * batchSize / partitions));

    /// <summary>No more than a batch, or one entry of each: the same number of first entries of each that has them.</summary>
    public static IReadOnlyList<PartitionHead> Limit(IReadOnlyList<PartitionHead> heads, int batchSize)
    {
        if (heads.Sum(head => head.Items.Count) <= batchSize)
            return heads;

        var each = Math.Max(1, batchSize / heads.Count);
        return [.. heads.Select(head => head.Items.Count <= each ? head : head with { Items = [.. head.Items.Take(each)] })];
    }
}
