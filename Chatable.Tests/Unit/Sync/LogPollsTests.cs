using System.Diagnostics.Metrics;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Sync;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Unit.Sync;

public sealed class LogPollsTests : IDisposable
{
    private static readonly AuthenticatedUser s_alice = new(1, "alice", 1, "KEY1", DateTimeOffset.MaxValue);
    private static readonly AuthenticatedUser s_bob = new(2, "bob", 2, "KEY2", DateTimeOffset.MaxValue);

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
        var first = _polls.TryBegin(s_alice)!;
        Assert.NotNull(_polls.TryBegin(s_alice));
        Assert.NotNull(_polls.TryBegin(s_bob));

        Assert.Null(_polls.TryBegin(s_bob));
        Assert.Null(_polls.TryBegin(s_alice));

        Assert.Equal((3, 2), (_waiting.Total, _cutShort.Total));
        Assert.False(first.IsDismissed);
        _polls.End(first);
        Assert.NotNull(_polls.TryBegin(s_bob));
        Assert.Equal((3, 2), (_waiting.Total, _cutShort.Total));
    }

    [Fact]
    public void OneWaitTooManyOfAUsersDismissesItsOldestAndIsCounted()
    {
        var (oldest, other) = (_polls.TryBegin(s_alice)!, _polls.TryBegin(s_alice)!);

        var newest = _polls.TryBegin(s_alice)!;

        Assert.Equal((true, false, false), (oldest.IsDismissed, other.IsDismissed, newest.IsDismissed));
        Assert.Equal((3, 1), (_waiting.Total, _cutShort.Total));
    }

    public void Dispose()
    {
        _waiting.Dispose();
        _cutShort.Dispose();
    }
}
