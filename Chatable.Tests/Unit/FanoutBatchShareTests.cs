using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging.Intake;

namespace Chatable.Tests.Unit;

public sealed class FanoutBatchShareTests
{
    [Theory]
    [InlineData(2000, 16, 0, 125)]
    [InlineData(2000, 16, 16, 125)]
    [InlineData(2000, 16, 8, 250)]
    [InlineData(2000, 16, 1, 500)]
    [InlineData(2000, 1, 1, 2000)]
    [InlineData(4, 16, 16, 1)]
    public void AllTogetherAreNeverManyBatches(int batchSize, int partitions, int busy, int each) =>
        Assert.Equal(each, BatchShare.OfEach(batchSize, partitions, busy));

    [Theory]
    [InlineData(10, "2 3", "2 3")]
    [InlineData(10, "6 5", "5 5")]
    [InlineData(10, "1 9 9", "1 3 3")]
    [InlineData(2, "5 5 5", "1 1 1")]
    public void WhatIsTooMuchForABatchStaysAtTheEndOfEachHead(int batchSize, string read, string kept)
    {
        PartitionHead[] heads = [.. read.Split(' ').Select((count, partition) => new PartitionHead(
            partition, [.. Enumerable.Range(0, int.Parse(count)).Select(i => new IntakeItem($"{i}-0", default))]))];

        var limited = BatchShare.Limit(heads, batchSize);

        Assert.Equal(kept, string.Join(' ', limited.Select(head => head.Items.Count)));
        Assert.All(limited, (head, i) => Assert.Equal(heads[i].Items.Take(head.Items.Count), head.Items));
    }
}
