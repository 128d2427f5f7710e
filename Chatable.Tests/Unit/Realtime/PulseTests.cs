using System.Diagnostics.Metrics;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Handover;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Tests.Delivery;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Realtime;

public class PulseTests
{
    private static readonly byte[] s_ping = [0x89, 0];
    private static readonly SocketTimes s_times = new();
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private static readonly RealtimeMetrics s_metrics =
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    [Fact]
    public void ControlFramesAreCountedWhateverStandsBetweenThemAndWhereverTheBytesAreCut() =>
        Gen.Select(
            Gen.OneOf(Gen.Int[0, 200], Gen.Int[65_530, 65_540]).Array[0, 4], Gen.OneOf(Gen.Int[1, 8], Gen.Int[100, 4000]), Gen.Int[0, 125],
            Gen.Int[1, 5]).Sample((sizes, cut, ping, pings) =>
        {
            var clock = new FakeTimeProvider();
            var pulse = New(clock, burst: pings * (sizes.Length + 1));
            List<byte> bytes = [];
            foreach (var size in (int[])[.. sizes, 0])
            {
                for (var i = 0; i < pings; i++)
                    bytes.AddRange(RawSocket.Frame(RawSocket.Final | RawSocket.Ping, new byte[ping]));
                // Bytes that look like a ping's header.
                bytes.AddRange(RawSocket.Frame(RawSocket.Final | RawSocket.Text, [.. Enumerable.Repeat((byte)0x89, size)]));
            }

            var headers = new FrameHeaders();
            foreach (var some in bytes.Chunk(cut))
            {
                headers.Pass(some, out var controlFrames);
                pulse.Received(some.Length, controlFrames);
            }

            // Exactly the burst is taken: one less would have left one, and one more be owed.
            Assert.False(pulse.IsInTime);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(pulse.IsInTime);
        }, iter: 100);

    [Fact]
    public void ASocketIsSilentUntilItIsHeardAndWhileItOwesAPong()
    {
        var pulse = New(new FakeTimeProvider(), burst: 10);
        Assert.True(pulse.IsSilent);

        pulse.Received(bytes: 8, controlFrames: 0);
        Assert.False(pulse.IsSilent);
        pulse.Sending([0x81, 2, (byte)'{', (byte)'}']);
        Assert.False(pulse.IsSilent);
        pulse.Sending(s_ping);
        Assert.True(pulse.IsSilent);
        pulse.Received(bytes: 1, controlFrames: 0);
        Assert.False(pulse.IsSilent);
    }

    [Fact]
    public void AClientIsGoneWhenNothingCameForTooLongAfterAPing()
    {
        var clock = new FakeTimeProvider();
        var pulse = New(clock, burst: 10);
        pulse.Listening();
        Assert.False(IsGoneAfter(s_times.Ping, pulse, clock));
        pulse.Sending(s_ping);

        Assert.False(IsGoneAfter(s_times.Pong, pulse, clock));
        Assert.True(IsGoneAfter(s_look, pulse, clock));
    }

    [Fact]
    public void AnyByteInTimeCountsThoughNoPingIsSentAnyMoreBeforeTheFirstOnesPong()
    {
        var clock = new FakeTimeProvider();
        var pulse = New(clock, burst: 10);
        pulse.Listening();
        pulse.Sending(s_ping);
        Assert.False(IsGoneAfter(s_times.Pong, pulse, clock));

        pulse.Received(bytes: 1, controlFrames: 0);
        pulse.Listening();

        Assert.False(IsGoneAfter(s_times.Ping + s_times.Ping / 4 + s_times.Pong, pulse, clock));
        Assert.True(IsGoneAfter(s_look, pulse, clock));
    }

    [Fact]
    public void AClientThatIsNotListenedToIsNotMissed()
    {
        var clock = new FakeTimeProvider();
        var pulse = New(clock, burst: 10);
        pulse.Listening();
        pulse.Received(bytes: 1, controlFrames: 0);
        pulse.Sending(s_ping);
        Assert.False(IsGoneAfter(TimeSpan.FromMinutes(5), pulse, clock));

        pulse.Listening();
        Assert.False(IsGoneAfter(s_times.Pong, pulse, clock));
        Assert.True(IsGoneAfter(s_look, pulse, clock));
    }

    [Fact]
    public void AProcessThatStoodStillGivesItsClientsTheTimeToBeHeard()
    {
        var clock = new FakeTimeProvider();
        var pulse = New(clock, burst: 10);
        pulse.Listening();
        Assert.False(IsGoneAfter(s_times.Ping, pulse, clock));
        pulse.Sending(s_ping);

        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False(pulse.IsGone());
        Assert.False(pulse.IsGone());

        Assert.False(IsGoneAfter(s_times.Pong, pulse, clock));
        Assert.True(IsGoneAfter(s_look, pulse, clock));
    }

    // Asked twice a second, as by the sweep.
    private static bool IsGoneAfter(TimeSpan time, Pulse pulse, FakeTimeProvider clock)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += s_look)
        {
            Assert.False(pulse.IsGone());
            clock.Advance(s_look);
        }

        return pulse.IsGone();
    }

    private static Pulse New(TimeProvider clock, int burst) =>
        new(new RealtimeOptions { ControlFrameBurst = burst, ControlFramesPerSecond = 1 }, clock, s_metrics);
}
