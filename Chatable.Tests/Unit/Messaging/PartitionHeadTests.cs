using Chatable.Messaging.Intake;

namespace Chatable.Tests.Unit.Messaging;

public sealed class PartitionHeadTests
{
    [Theory]
    [InlineData("1764200000000-0", "1764200000000-1")]
    [InlineData("5-9", "5-10")]
    [InlineData("5-18446744073709551615", "6-0")]
    public void ItEndsRightAfterItsLastEntry(string last, string end) =>
        Assert.Equal(end, new PartitionHead(0, [new IntakeItem("1-0", default), new IntakeItem(last, default)]).End);
}
