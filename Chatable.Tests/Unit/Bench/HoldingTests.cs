using System.Net;
using Chatable.Bench.Load.Holding;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Tests.Unit.Bench;

public sealed class HoldingTests
{
    [Fact]
    public void ASeatIsOneLine()
    {
        var seat = new Seat("bob", new IPEndPoint(IPAddress.Loopback, 8080), "/api/ws?a=\"b\"", "Authorization: Bearer abc\r\n");

        var line = SeatLine.Write(seat);

        Assert.DoesNotContain('\n', line);
        Assert.Equal(seat, SeatLine.Read(line));
        Assert.Throws<FormatException>(() => SeatLine.Read("""["bob"]"""));
    }

    [Fact]
    public void AnAttendanceIsOneLine()
    {
        var attendance = new Attendance(500, 2, "bob: the server hung up");

        Assert.Equal(attendance, Attendance.Read(attendance.ToString()));
        Assert.Equal(Attendance.None, Attendance.Read(Attendance.None.ToString()));
        Assert.Equal(attendance with { Present = 507 }, attendance.With(new Attendance(7, 0, null)));
    }

    [Fact]
    public async Task WhoCouldNotConnectIsCountedAndTold()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var holder = Holder.Start();
        // The discard port, where nothing listens.
        await holder.ConnectAsync([new Seat("bob", new IPEndPoint(IPAddress.Loopback, 9), "/ws")], cancellationToken);

        while (holder.Count.Lost == 0)
            await Task.Delay(5, cancellationToken);

        Assert.Equal(0, holder.Count.Present);
        Assert.Contains("bob: connecting failed", holder.Count.Trouble, StringComparison.Ordinal);
    }
}
