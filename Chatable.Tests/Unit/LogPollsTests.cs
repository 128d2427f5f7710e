using System.Diagnostics.Metrics;
using Chatable.ApiService.Sync;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Unit;

public sealed class LogPollsTests : IDisposable
{
    private const long Alice = 1;
    private const long Bob = 2;

    private readonly CounterReading _waiting;
    private readonly CounterReading _cutShort;
    private readonly LogPolls _polls;

    public LogPollsTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _waiting = new CounterReading(meters, "chatable.sync.polls");
        _cutShort = new CounterReading(meters, "chatable.sync.polls.cut_short");
        _polls = new LogPolls(
            new LogSignals(), Options.Create(new SyncOptions { MaxPolls = 3, PollsPerUser = 2 }), new SyncMetrics(meters));
    }

    [Fact]
    public void OneWaitTooManyOfTheServersIsTurnedAwayAndCountedAndOneThatEndsMakesRoom()
    {
        var first = _polls.TryBegin(Alice)!;
        Assert.NotNull(_polls.TryBegin(Alice));
        Assert.NotNull(_polls.TryBegin(Bob));

        Assert.Null(_polls.TryBegin(Bob));
        Assert.Null(_polls.TryBegin(Alice));

        Assert.Equal((3, 2), (_waiting.Total, _cutShort.Total));
        Assert.False(first.IsDismissed);
        _polls.End(first);
        Assert.NotNull(_polls.TryBegin(Bob));
        Assert.Equal((3, 2), (_waiting.Total, _cutShort.Total));
    }

    [Fact]
    public void OneWaitTooManyOfAUsersDismissesItsOldestAndIsCounted()
    {
        var (oldest, other) = (_polls.TryBegin(Alice)!, _polls.TryBegin(Alice)!);

        var newest = _polls.TryBegin(Alice)!;

        Assert.Equal((true, false, false), (oldest.IsDismissed, other.IsDismissed, newest.IsDismissed));
        Assert.Equal((3, 1), (_waiting.Total, _cutShort.Total));
    }

    public void Dispose()
    {
        _waiting.Dispose();
        _cutShort.Dispose();
    }
}
