using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Tokens;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>How a connection comes up, step by step, and that nothing of it stays where it does not.</summary>
public sealed class ConnectionsTests : IDisposable
{
    private static readonly AuthenticatedUser s_bob = new(42, "bob", 1, "KEY", DateTimeOffset.MaxValue);

    private static readonly IMeterFactory s_meters =
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly List<string> _steps = [];
    private readonly ConnectionTable _table = new(Options.Create(new RealtimeOptions()));
    private readonly UserRegistrations _registrations;
    private readonly Connections _connections;
    private Action _whileReadingHead = () => { };
    private AccessKey? _key = new("KEY", [], 1, 42, "bob", DateTimeOffset.MaxValue);

    public ConnectionsTests()
    {
        _registrations = new UserRegistrations(
            (_, _) => StepAsync("register"), (_, _) => StepAsync("unregister"), new DeliveryMetrics(s_meters));
        _connections = new Connections(
            _table, _registrations, () => true, FindKeyAsync, (_, _, _, _, _) => throw new TimeoutException(), Session(),
            Options.Create(new DeliveryOptions()), new DeliveryMetrics(s_meters), NullLoggerFactory.Instance);
    }

    [Fact]
    public async Task TheHeadIsReadOnlyOnceTheRegistryHasTheUserAndPushesAreHeld()
    {
        var connection = await _connections.OpenAsync(s_bob, ProtocolVersion.V1, _ct);

        Assert.Equal(["register, in the table: 1", "head, in the table: 1", "key, in the table: 1"], _steps);
        Assert.Equal(7, connection!.Log.Position);
        await _connections.EndAsync(connection);
        Assert.Equal("unregister, in the table: 0", _steps[^1]);
    }

    [Fact]
    public async Task AV2ConnectionIsRegisteredAndHoldsPushesButWaitsForItsHello()
    {
        var connection = await _connections.OpenAsync(s_bob, ProtocolVersion.V2, _ct);

        Assert.Equal(["register, in the table: 1", "key, in the table: 1"], _steps);
        Assert.False(connection!.Log.IsBehind(8));
        connection.Session.Receive("""{"type":"hello"}"""u8);
        Assert.Equal("head, in the table: 1", _steps[^1]);
        Assert.True(connection.Log.IsBehind(8));
        Assert.False(connection.Log.IsBehind(7));
        await _connections.EndAsync(connection);
    }

    [Fact]
    public async Task ATokenThatEndsDuringTheSetUpEndsTheConnection()
    {
        _whileReadingHead = () => _key = null;

        var connection = await _connections.OpenAsync(s_bob, ProtocolVersion.V1, _ct);

        using var bytes = new MemoryStream();
        using var socket = WebSocket.CreateFromStream(bytes, new WebSocketCreationOptions { IsServer = true });
        await connection!.RunAsync(socket);
        // The close frame: FIN and opcode 8, the length, the code.
        Assert.Equal((0x88, 4401), (bytes.ToArray()[0], bytes.ToArray()[2] << 8 | bytes.ToArray()[3]));
        await _connections.EndAsync(connection);
    }

    [Fact]
    public async Task WhereTheClientHasGoneAndAStoreFailsNothingStays()
    {
        using var gone = new CancellationTokenSource();
        _whileReadingHead = () =>
        {
            gone.Cancel();
            throw new NpgsqlException("away");
        };

        await Assert.ThrowsAsync<NpgsqlException>(() => _connections.OpenAsync(s_bob, ProtocolVersion.V1, gone.Token));

        Assert.Equal(0, _table.Count);
        Assert.Empty(_registrations.Users);
    }

    public void Dispose() => _registrations.Dispose();

    private Task StepAsync(string step)
    {
        _steps.Add($"{step}, in the table: {_table.Of(s_bob.UserId).Length}");
        return Task.CompletedTask;
    }

    private async Task<LogHead> ReadHeadAsync(long user, Guid? known, CancellationToken cancellationToken)
    {
        await StepAsync("head");
        _whileReadingHead();
        return new LogHead(Guid.Empty, 7);
    }

    private async ValueTask<AccessKey?> FindKeyAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        await StepAsync("key");
        return _key;
    }

    private SessionServices Session()
    {
        var intakeWriter = new IntakeWriter(
            (_, _) => new(), (_, _, _) => Task.FromResult(AcceptOutcome.Busy), 16, ServerIdentity.Create(null),
            new SendingMetrics(s_meters), TimeProvider.System, NullLogger<IntakeWriter>.Instance);
        return new SessionServices(
            intakeWriter, ReadHeadAsync, new InFlight(), new Draining(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance)),
            ServerIdentity.Create(null), Options.Create(new RealtimeOptions()), new RealtimeMetrics(s_meters),
            TimeProvider.System, NullLogger<SessionServices>.Instance);
    }
}
