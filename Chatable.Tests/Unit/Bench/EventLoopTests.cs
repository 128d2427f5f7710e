using System.Net;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Tests.Unit.Bench;

public sealed class EventLoopTests
{
    [Fact]
    public async Task WhoeverAsksALoopThatBrokeIsTold()
    {
        using var loop = new EventLoop();
        loop.Post(() => throw new IOException("no more sockets"));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => loop.AskAsync(() => 1));

        Assert.Equal("no more sockets", failure.InnerException!.Message);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsNamed()
    {
        using var loop = new EventLoop();
        var crowd = new Crowd(loop, new BareRelay(), atOnce: 1);
        // The discard port, where nothing listens.
        loop.Post(() => crowd.Join(new Seat("bob", new IPEndPoint(IPAddress.Loopback, 9), "/ws")));

        while (await loop.AskAsync(() => crowd.Lost) == 0)
            await Task.Delay(5, TestContext.Current.CancellationToken);

        Assert.Contains("bob: connecting failed", await loop.AskAsync(() => crowd.Trouble), StringComparison.Ordinal);
    }
}
