using System.Diagnostics.Metrics;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Tests.Unit.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Realtime;

public class LogCursorTests
{
    private static readonly LogEpoch s_next = new(Guid.NewGuid(), 7);

    private readonly FakeTimeProvider _clock = new();
    private readonly List<long> _delivered = [];
    private readonly SocketWriter _writer;
    private readonly DeliveryMetrics _metrics;
    private readonly List<(long After, int Limit, Guid Known)> _reads = [];
    private readonly List<(LogEpoch Epoch, long Until)> _told = [];
    private LogHead _head = Head(9);
    private Func<long, IEnumerable<long>> _log = after => Enumerable.Range((int)after + 1, 5 - (int)after).Select(seq => (long)seq);

    public LogCursorTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _metrics = new DeliveryMetrics(meters);
        _writer = new SocketWriter(new RealtimeOptions(), _clock, new RealtimeMetrics(meters));
    }

    [Fact]
    public void APushThatFillsTheGapInTimeSparesTheRead()
    {
        var cursor = Create();
        cursor.StartAfter(0, Head(0));

        cursor.Push(Entry(2), epoch: 0);
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        cursor.Push(Entry(1), epoch: 0);
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([1L, 2L], _delivered);
        Assert.Empty(_reads);
    }

    [Fact]
    public void AGapThatStaysIsReadFromTheLogAndOnceOnly()
    {
        var cursor = Create();
        cursor.StartAfter(0, Head(0));

        cursor.Push(Entry(5), epoch: 0);
        cursor.Push(Entry(4), epoch: 0);
        _clock.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([1L, 2L, 3L, 4L, 5L], _delivered);
        Assert.Equal([(0L, 128, default)], _reads);
    }

    [Fact]
    public void AHeadThatIsAheadOfEveryPushIsEnough()
    {
        var cursor = Create();
        cursor.StartAfter(2, Head(2));

        cursor.NoticeHead(5, epoch: 0);
        _clock.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([3L, 4L, 5L], _delivered);
        cursor.NoticeHead(4, epoch: 0);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(_reads);
    }

    [Fact]
    public void AFailingDatabaseIsAskedAgainAndAgain()
    {
        var failures = 6;
        var whole = _log;
        _log = after => failures-- > 0 ? throw new TimeoutException() : whole(after);
        var cursor = Create();
        cursor.StartAfter(0, Head(0));

        cursor.NoticeHead(5, epoch: 0);
        for (var second = 0; second < 60; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([1L, 2L, 3L, 4L, 5L], _delivered);
        Assert.Equal(7, _reads.Count);
        Assert.Null(_writer.Closing);
    }

    [Fact]
    public void ALogThatNeverReachesItsHeadEndsTheConnection()
    {
        _log = _ => [];
        var cursor = Create();
        cursor.StartAfter(7, Head(7));

        cursor.NoticeHead(9, epoch: 0);
        for (var second = 0; second < 60; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(CloseCode.Unsure, _writer.Closing);
        Assert.Empty(_delivered);
    }

    [Fact]
    public void AReaderWithoutRoomIsReadToOnlyWhenItHasRoomAndEndsWhereItNeverHas()
    {
        for (var frame = 0; frame < new RealtimeOptions().OutboundFrames / 2; frame++)
            _writer.Send([1]);
        var cursor = Create();
        cursor.StartAfter(0, Head(0));

        cursor.NoticeHead(5, epoch: 0);
        Advance(new RealtimeOptions().Times.Send);

        Assert.Empty(_reads);
        Assert.Null(_writer.Closing);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(CloseCode.TooSlow, _writer.Closing);
        Assert.Empty(_delivered);
    }

    [Fact]
    public void WhatIsOfAnotherEpochIsTakenOnlyWhenTheConnectionGoesOnInIt()
    {
        var cursor = Create();
        cursor.StartAfter(2, Head(2));

        Assert.False(cursor.Push(Entry(3), epoch: s_next.Number));
        Assert.False(cursor.NoticeHead(3, epoch: s_next.Number));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_reads);

        _head = Head(5, s_next);
        cursor.Continue(default, _head with { SharedUntil = 2 });
        Assert.False(cursor.Push(Entry(9), epoch: 0));
        Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([3L, 4L, 5L], _delivered);
        Assert.Equal([(s_next, 2L)], _told);
        Assert.Null(_writer.Closing);
        Assert.Equal(new LogPlace(s_next, 5), cursor.Place);
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(null)]
    public void WhoIsBeyondWhatTheEpochsShareComesBack(long? sharedUntil)
    {
        var cursor = Create();
        cursor.StartAfter(2, Head(2));

        cursor.Continue(default, Head(7, s_next) with { SharedUntil = sharedUntil });

        Assert.Equal(CloseCode.Unsure, _writer.Closing);
        Assert.Empty(_told);
    }

    [Fact]
    public void WhatIsHeldOfAnotherEpochBeforeTheFirstReadIsForgotten()
    {
        var cursor = Create();
        Assert.True(cursor.Push(Entry(1), epoch: 0));
        Assert.True(cursor.Push(Entry(2), epoch: s_next.Number));
        cursor.StartAfter(0, Head(0, s_next));

        Assert.True(cursor.Push(Entry(1), epoch: s_next.Number));

        Assert.Equal([1L, 2L], _delivered);
        Assert.Empty(_reads);
    }

    [Fact]
    public void WhoReadsAPageOfAnotherEpochGoesOnInItAndReadsAgain()
    {
        _head = Head(5, s_next) with { SharedUntil = 2 };
        var cursor = Create();
        cursor.StartAfter(2, Head(2));
        cursor.NoticeHead(5, epoch: 0);
        Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([3L, 4L, 5L], _delivered);
        Assert.Equal([(s_next, 2L)], _told);
        Assert.Equal([(2L, default(Guid)), (2L, s_next.Id)], _reads.Select(read => (read.After, read.Known)));
    }

    [Fact]
    public void WhoIsBeyondWhatThePagesEpochSharesComesBackWithoutIt()
    {
        _head = Head(5, s_next) with { SharedUntil = 1 };
        var cursor = Create();
        cursor.StartAfter(2, Head(2));
        cursor.NoticeHead(5, epoch: 0);
        Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(_delivered);
        Assert.Equal(CloseCode.Unsure, _writer.Closing);
    }

    [Fact]
    public void ALogThatWasSetBackEndsTheConnection()
    {
        _head = Head(1);
        var cursor = Create();
        cursor.StartAfter(2, Head(2));
        cursor.NoticeHead(5, epoch: 0);
        Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(CloseCode.Unsure, _writer.Closing);
    }

    [Fact]
    public void WhatIsTrueOfOneEpochIsDoneInThatAlone()
    {
        var cursor = Create();
        var done = 0;
        Assert.False(cursor.While(0, () => done++));
        cursor.StartAfter(2, Head(2));
        Assert.True(cursor.While(0, () => done++));
        Assert.False(cursor.While(s_next.Number, () => done++));

        cursor.Continue(default, Head(2, s_next) with { SharedUntil = 2 });
        Assert.False(cursor.While(0, () => done++));
        Assert.Equal(1, done);
    }

    private void Advance(TimeSpan time)
    {
        for (var second = 0; second < time.TotalSeconds; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private LogCursor Create() =>
        new(
            user: 42, _writer, (in entry) => _delivered.Add(entry.Seq), (epoch, until) => _told.Add((epoch, until)), ReadAsync, new DeliveryOptions(), _clock, _metrics);

    private Task<LogPage> ReadAsync(long user, Guid known, long after, int limit, CancellationToken cancellationToken)
    {
        _reads.Add((after, limit, known));
        return Task.FromResult(new LogPage(_head, [.. _log(after).Select(Entry)]));
    }

    private static LogHead Head(long seq, LogEpoch epoch = default) => new(epoch.Id, seq) { EpochNumber = epoch.Number };

    private static Envelope Entry(long seq) => new(seq, Samples.LogEntry);
}
