using Chatable.Bench.Measures;

namespace Chatable.Tests.Unit.Bench;

public sealed class ArrivalsTests
{
    [Theory]
    [InlineData("0 1 2 3", 4, 0, 0)]
    [InlineData("0 1 1 2", 3, 1, 0)]
    [InlineData("0 2 1 3", 4, 0, 1)]
    [InlineData("0 3", 2, 0, 0)]
    [InlineData("2 0 0 1", 3, 1, 2)]
    [InlineData("0 2 1 1 2 5", 4, 2, 1)]
    public void EachIsCountedOnceAndFaultsByTheirKind(string order, int count, int duplicated, int reordered)
    {
        var arrivals = new Arrivals();

        foreach (var index in order.Split(' ').Select(long.Parse))
            arrivals.Take(index);

        Assert.Equal((count, duplicated, reordered), (arrivals.Count, arrivals.Duplicated, arrivals.Reordered));
    }

    [Fact]
    public void AnythingButTheFateThatWasPromisedIsWrong()
    {
        var right = new Counts { Sent = 3, Delivered = 3, Acked = 3, Stored = 3, RepeatedAcks = 1 };

        Assert.True(right.AreRight);
        Assert.False((right with { Lost = 1 }).AreRight);
        Assert.False((right with { Duplicated = 1 }).AreRight);
        Assert.False((right with { Reordered = 1 }).AreRight);
        Assert.False((right with { Strays = 1 }).AreRight);
        Assert.False((right with { Refused = 1 }).AreRight);
        Assert.False((right with { Stored = 2 }).AreRight);
        Assert.False((right with { Stored = 4 }).AreRight);
        Assert.True((right with { Stored = null }).AreRight);
    }
}
