using System.Diagnostics.Metrics;
using System.Text;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Realtime;

public sealed class HeartbeatTests : IAsyncLifetime
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider _clock = new();
    private readonly RealtimeOptions _options = new();
    private readonly IdleSession _session = new() { Heartbeat = "beat"u8.ToArray() };
    private readonly SocketWriter _writer;
    private readonly Connection _connection;
    private SocketPair _sockets = null!;
    private Task _running = Task.CompletedTask;

    public HeartbeatTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var metrics = new RealtimeMetrics(meters);
        _writer = new SocketWriter(_options, _clock, metrics);
        var log = new LogCursor(
            user: 42, _writer, (in _) => { }, (_, _) => { }, (_, _, _, _, _) => throw new TimeoutException(), new DeliveryOptions(), _clock,
            new DeliveryMetrics(meters));
        _connection = new Connection(
            1, new AuthenticatedUser(42, "bob", 1, "KEY", DateTimeOffset.MaxValue), _writer, log, _session,
            new Pulse(_options, _clock, metrics), _options, _clock, metrics, NullLogger<Connection>.Instance);
    }

    public async ValueTask InitializeAsync()
    {
        _sockets = await SocketPair.OpenAsync(_ct);
        _running = _connection.RunAsync(_sockets.Server);
    }

    [Fact]
    public async Task ASilenceIsBrokenOnceItIsLongerThanTheInterval()
    {
        Send("first");
        Pass(_options.Times.Ping);
        Send("second");
        Pass(_options.Times.Ping);
        Pass(s_tick);
        _connection.Sweep();
        Pass(_options.Times.Ping);
        Pass(s_tick);
        Send("last");

        Assert.Equal(["first", "second", "beat", "beat", "last"], await ReceiveAsync(5));
    }

    [Fact]
    public async Task NothingIsSentBeforeTheFirstFrameNorWhereTheProtocolHasNothing()
    {
        Pass(TimeSpan.FromHours(1));
        Send("first");
        _session.Heartbeat = null;
        Pass(TimeSpan.FromHours(1));
        Send("last");

        Assert.Equal(["first", "last"], await ReceiveAsync(2));
    }

    public async ValueTask DisposeAsync()
    {
        _sockets.Dispose();
        await _running;
    }

    private void Send(string text) => _writer.Send(Encoding.UTF8.GetBytes(text));

    private void Pass(TimeSpan time)
    {
        _clock.Advance(time);
        _connection.Sweep();
    }

    private async Task<List<string>> ReceiveAsync(int count)
    {
        var frames = new List<string>();
        while (frames.Count < count)
            frames.Add(await _sockets.ReceiveAsync(_ct));
        return frames;
    }
}
