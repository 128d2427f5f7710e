using System.Diagnostics.Metrics;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Envelopes;
using Chatable.Tests.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit;

public class RealtimeLogFollowerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<long> _delivered = [];
    private readonly SocketWriter _writer;
    private readonly DeliveryMetrics _metrics;
    private readonly List<(long After, int Limit)> _reads = [];
    private Func<long, IEnumerable<long>> _log = after => Enumerable.Range((int)after + 1, 5 - (int)after).Select(seq => (long)seq);

    public RealtimeLogFollowerTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _metrics = new DeliveryMetrics(meters);
        _writer = new SocketWriter(new RealtimeOptions(), _clock, new RealtimeMetrics(meters));
    }

    [Fact]
    public void APushThatFillsTheGapInTimeSparesTheRead()
    {
        var follower = Create();
        follower.StartAfter(0);

        follower.Push(Entry(2));
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        follower.Push(Entry(1));
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([1L, 2L], _delivered);
        Assert.Empty(_reads);
    }

    [Fact]
    public void AGapThatStaysIsReadFromTheLogAndOnceOnly()
    {
        var follower = Create();
        follower.StartAfter(0);

        follower.Push(Entry(5));
        follower.Push(Entry(4));
        _clock.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([1L, 2L, 3L, 4L, 5L], _delivered);
        Assert.Equal([(0L, 128)], _reads);
    }

    [Fact]
    public void AHeadThatIsAheadOfEveryPushIsEnough()
    {
        var follower = Create();
        follower.StartAfter(2);

        follower.NoticeHead(5);
        _clock.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([3L, 4L, 5L], _delivered);
        follower.NoticeHead(4);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(_reads);
    }

    [Fact]
    public void AFailingDatabaseIsAskedAgainAndAgain()
    {
        var failures = 6;
        var whole = _log;
        _log = after => failures-- > 0 ? throw new TimeoutException() : whole(after);
        var follower = Create();
        follower.StartAfter(0);

        follower.NoticeHead(5);
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
        var follower = Create();
        follower.StartAfter(7);

        follower.NoticeHead(9);
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
        var follower = Create();
        follower.StartAfter(0);

        follower.NoticeHead(5);
        Advance(new RealtimeOptions().Times.Send);

        Assert.Empty(_reads);
        Assert.Null(_writer.Closing);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(CloseCode.TooSlow, _writer.Closing);
        Assert.Empty(_delivered);
    }

    private void Advance(TimeSpan time)
    {
        for (var second = 0; second < time.TotalSeconds; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private LogFollower Create() =>
        new(user: 42, _writer, (in entry) => _delivered.Add(entry.Seq), ReadAsync, new DeliveryOptions(), _clock, _metrics);

    private Task<IReadOnlyList<Envelope>> ReadAsync(long user, long after, int limit, CancellationToken cancellationToken)
    {
        _reads.Add((after, limit));
        return Task.FromResult<IReadOnlyList<Envelope>>([.. _log(after).Select(Entry)]);
    }

    private static Envelope Entry(long seq) => new(seq, Samples.Message);
}
