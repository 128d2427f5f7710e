using System.Globalization;
using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging.Intake;

namespace Chatable.Tests.Unit.Fanout;

public sealed class BatchShareTests
{
    [Theory]
    [InlineData(10, "2 3", "2 3")]
    [InlineData(10, "6 5", "5 5")]
    [InlineData(10, "1 9 9", "1 4 4")]
    [InlineData(10, "9 1 2", "7 1 2")]
    [InlineData(2, "5 5 5", "1 1 1")]
    public void WhatIsTooMuchForABatchStaysAtTheEndOfTheLongest(int batchSize, string read, string kept)
    {
        var heads = HeadsOf(read);

        var taken = new BatchShare(batchSize).Take(heads);

        Assert.Equal(kept, string.Join(' ', taken.Select(head => head.Items.Count)));
        Assert.All(taken, (head, i) => Assert.Equal(heads[i].Items.Take(head.Items.Count), head.Items));
    }

    [Theory]
    [InlineData("125", 250)]
    [InlineData("125 60 60", 250)]
    [InlineData("124 60 60", 125)]
    [InlineData("125 125 125 125 125 125 125 125 125 125 125 125 125", 125)]
    public void MoreIsReadOfEachOnceOneHadMoreAndTheBatchHadRoom(string read, int next)
    {
        var share = new BatchShare(2000);
        Assert.Equal(125, share.OfEach(partitions: 16));
        share.Take(HeadsOf(read));
        Assert.Equal(next, share.OfEach(partitions: 16));
    }

    [Fact]
    public void AllTogetherAreNeverManyBatchesAndLessIsReadOnceThereIsTooMuch()
    {
        var share = new BatchShare(2000);
        for (var i = 0; i < 5; i++)
            share.Take(HeadsOf($"{share.OfEach(partitions: 16)}"));
        Assert.Equal(500, share.OfEach(partitions: 16));
        share.Take(HeadsOf(string.Join(' ', Enumerable.Repeat("500", 8))));
        Assert.Equal(250, share.OfEach(partitions: 16));
        Assert.Equal(2000, share.OfEach(partitions: 1));
        Assert.Equal(1, new BatchShare(4).OfEach(partitions: 16));
    }

    private static PartitionHead[] HeadsOf(string counts) => [.. counts.Split(' ').Select((count, partition) => new PartitionHead(
        partition,
        [.. Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(i => new IntakeItem($"{i}-0", default))]))];
}
