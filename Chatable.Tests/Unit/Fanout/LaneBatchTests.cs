using System.Globalization;
using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging.Intake;

namespace Chatable.Tests.Unit.Fanout;

public sealed class LaneBatchTests
{
    [Theory]
    [InlineData(2, 5, "9", "9")]
    [InlineData(2, 5, "4 5", "4 5")]
    [InlineData(2, 5, "4 6", "6 | 4")]
    [InlineData(1, 1, "4 6", "4 6")]
    [InlineData(3, 1, "1 2 3 4 5", "5 | 4 1 | 3 2")]
    [InlineData(3, 4, "1 1 1 9", "9 | 1 1 | 1")]
    [InlineData(9, 1, "1 9", "9 | 1")]
    public void ALargeBatchIsSplitIntoWholePartitions(int most, int leastSize, string sizes, string parts)
    {
        PartitionHead[] heads = [.. sizes.Split(' ').Select((count, partition) => new PartitionHead(
            partition,
            [.. Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(i => new IntakeItem($"{i}-0", default))]))];
        LaneMember[] members = [.. heads.Select(_ => new LaneMember(null!))];

        var split = new LaneBatch(members, heads).Split(most, leastSize);

        Assert.Equal(parts, string.Join(" | ", split.Select(part => string.Join(' ', part.Heads.Select(head => head.Items.Count)))));
        Assert.All(split, part => Assert.Equal(part.Heads.Select(head => members[head.Partition]), part.Members));
    }
}
