using System.Diagnostics.Metrics;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Intake;
using Chatable.ServiceDefaults;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>How long a client that sends too fast is not read.</summary>
public sealed class ThrottleTests
{
    private static readonly IMeterFactory s_meters =
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider _clock = new();
    private readonly RealtimeOptions _options = new();
    private readonly FrameRate _rate;
    private readonly SocketWriter _writer;
    private readonly Throttle _throttle;
    private TaskCompletionSource? _room;

    public ThrottleTests()
    {
        var metrics = new RealtimeMetrics(s_meters);
        _rate = new FrameRate(_options, _clock);
        _writer = new SocketWriter(_options, _clock, metrics);
        _throttle = new Throttle(_rate, () => _room?.Task, _writer, Services(metrics));
    }

    [Fact]
    public async Task WithinTheRateAndWithRoomNobodyWaits()
    {
        for (var i = 0; i < _options.FrameBurst; i++)
        {
            Assert.True(_throttle.WaitAsync().IsCompleted);
            Assert.Equal(RateVerdict.Within, _rate.Take());
        }

        var waiting = _throttle.WaitAsync();
        Assert.False(waiting.IsCompleted);
        Assert.True(await TimeToAsync(waiting) >= TimeSpan.FromMilliseconds(100));
        Assert.Equal(RateVerdict.Within, _rate.Take());
    }

    [Fact]
    public async Task WhoFindsRoomGoesOn()
    {
        _room = new TaskCompletionSource();
        var waiting = _throttle.WaitAsync();

        var room = _room;
        _room = null;
        room.SetResult();

        await waiting.WaitAsync(_ct);
    }

    [Fact]
    public async Task WhoFindsNoneIsReadAllTheSameAfterAWhile()
    {
        _room = new TaskCompletionSource();

        Assert.True(await TimeToAsync(_throttle.WaitAsync()) >= _options.MaxThrottle);
    }

    [Fact]
    public async Task NobodyWaitsForAConnectionThatCloses()
    {
        _room = new TaskCompletionSource();
        var waiting = _throttle.WaitAsync();

        _writer.Close(CloseCode.Stopping);

        await TimeToAsync(waiting);
        Assert.True(_throttle.WaitAsync().IsCompleted);
    }

    private async Task<TimeSpan> TimeToAsync(Task waiting)
    {
        var began = _clock.GetTimestamp();
        await Eventually.HoldsAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(500));
                return Task.FromResult(waiting.IsCompleted);
            },
            "the wait is over", _ct);
        return _clock.GetElapsedTime(began);
    }

    private SessionServices Services(RealtimeMetrics metrics) => new(
        new IntakeWriter(
            (_, _) => new(), (_, _, _) => Task.FromResult(AcceptOutcome.Busy), 16, ServerIdentity.Create(null),
            new SendingMetrics(s_meters), _clock, NullLogger<IntakeWriter>.Instance),
        (_, _, _) => Task.FromResult(new LogHead(Guid.Empty, 0)), new InFlight(),
        new Draining(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance)), ServerIdentity.Create(null),
        Options.Create(_options), metrics, _clock, NullLogger<SessionServices>.Instance);
}
