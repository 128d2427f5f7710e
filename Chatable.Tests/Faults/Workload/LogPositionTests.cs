namespace Chatable.Tests.Faults.Workload;

public sealed class LogPositionTests
{
    private readonly List<string> _reports = [];
    private readonly LogPosition _position;

    public LogPositionTests() => _position = new LogPosition("alice/phone", (invariant, _) => _reports.Add(invariant));

    [Fact]
    public void ALogThatComesInOrderIsFine()
    {
        _position.MoveTo(1);
        _position.MoveTo(2);
        _position.CatchUp(2);
        _position.Reset(7);
        _position.MoveTo(8);
        Assert.Empty(_reports);
        Assert.Equal(8, _position.Seq);
    }

    [Fact]
    public void AHoleIsFound()
    {
        _position.MoveTo(1);
        _position.MoveTo(3);
        Assert.Equal(["I4"], _reports);
    }

    [Fact]
    public void ARepeatIsFound()
    {
        _position.MoveTo(1);
        _position.MoveTo(1);
        Assert.Equal(["I3"], _reports);
    }

    [Fact]
    public void AnEndBeforeTheEndIsFound()
    {
        _position.MoveTo(1);
        _position.CatchUp(2);
        Assert.Equal(["I4"], _reports);
    }
}
