using System.Text.RegularExpressions;
using Chatable.Messaging.ServerQueues;
using Chatable.Tests.Api;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Delivery;

/// <summary>Triggers everything that an API server counts once, and checks that it is exported as docs/telemetry.md says.</summary>
public sealed partial class MetricsTests(MetricsTests.Servers servers) : IClassFixture<MetricsTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        internal OtlpCollector Collector { get; private set; } = null!;

        protected override (string, string)[] Settings =>
        [
            .. Collector.Settings, ("Sync__MaxPolls", "1"), ("Realtime__Delivery__ReconcileInterval", "00:00:01"),
            ("Realtime__Delivery__ReconcilePatience", "00:00:00.5"),
            ("Realtime__Times__Ping", "00:00:04"), ("Realtime__Times__Pong", "00:00:04"), ("Realtime__MaxThrottle", "00:00:05"),
        ];

        public override async ValueTask InitializeAsync()
        {
            Collector = await OtlpCollector.StartAsync(TestContext.Current.CancellationToken);
            await base.InitializeAsync();
        }
    }

    [Fact]
    public async Task EveryInstrumentOfTheDocumentMovesWhenWhatItCountsHappens()
    {
        // It never answers a ping; the server takes a while to notice.
        using var silent = await RawSocket.ConnectAsync(servers.A, (await servers.Client.RegisterAsync(_ct)).Token, _ct);
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        await UseASocketAsync(bobs, alice);
        Assert.Equal(426, (await servers.Client.GetAsync("/api/ws", bob.Token, _ct)).Status);
        await UseRestAsync(bob, alice);
        await WaitForTooManyLogsAsync(alice);
        await LosePushesAsync(bob, alice);

        (string Instrument, string Tag, string Value)[] expected =
        [
            ("handshakes.refused", "reason", "no_websocket"), ("connections.closed", "reason", "protocol state"),
            ("frames", "direction", "in"), ("frames", "direction", "out"), ("errors", "code", "invalid"), ("resumes", "outcome", "new"),
            ("dropped", "queue", "undecodable"), ("slowed", "cause", "rate"),
        ];
        foreach (var (instrument, tag, value) in expected)
            await SeenAsync($"chatable.realtime.{instrument}", tag, value);
        await SeenAsync("chatable.messages.answered", "outcome", "created");
        await SeenAsync("chatable.messages.answered", "outcome", "duplicate");
        await SeenAsync("chatable.sync.polls.cut_short", "limit", "server");
        foreach (var instrument in Documented())
            await SeenAsync(instrument);
        await alices.DisposeAsync();
    }

    private async Task UseASocketAsync(V2Socket socket, ChatUser recipient)
    {
        await socket.SendAndAckAsync("c1", recipient, "hello", _ct);
        await socket.SendAndAckAsync("c1", recipient, "hello", _ct);
        await socket.SendAsync("""{"type":"send"}""", _ct);
        await socket.ReceiveErrorAsync("invalid", _ct);
        for (var i = 0; i < 40; i++)
            await socket.SendAsync("""{"type":"ping"}""", _ct);
        for (var i = 0; i < 40; i++)
            await socket.ReceiveAsync("pong", _ct);
        await socket.SendAsync("""{"type":"hello"}""", _ct);
        Assert.Equal(4400, await socket.WaitForCloseAsync(_ct));
    }

    private async Task UseRestAsync(ChatUser author, ChatUser recipient)
    {
        Assert.Equal(201, (await servers.Client.SayAsync(author, recipient, "hello", _ct, "key")).Status);

        // The paused worker does not report that the message is already stored, so the server looks it up.
        using (await servers.PauseWorkerAsync(_ct))
        {
            Assert.Equal(200, (await servers.Client.SayAsync(author, recipient, "hello", _ct, "key")).Status);
        }
    }

    // The first user has never connected, so only the waiting request can have registered that user.
    private async Task WaitForTooManyLogsAsync(ChatUser other)
    {
        var one = await servers.Client.RegisterAsync(_ct);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var waiting = servers.Client.SyncAsync(one, "?wait=25", patience.Token);
        var registration = $"u:{{{await IdOfAsync(one)}}}";
        await Eventually.HoldsAsync(
            () => servers.Redis.GetDatabase().KeyExistsAsync(registration), "the waiting user is registered", _ct);
        Assert.Equal(503, (await servers.Client.SyncAsync(other, "?wait=25", _ct)).Status);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private async Task LosePushesAsync(ChatUser author, ChatUser recipient)
    {
        await servers.Redis.GetDatabase().KeyDeleteAsync($"u:{{{await IdOfAsync(recipient)}}}");
        Assert.Equal(201, (await servers.Client.SayAsync(author, recipient, "unheard", _ct)).Status);

        var queue = new ServerQueue(servers.Redis, Options.Create(new ServerQueueOptions()));
        foreach (var server in await servers.Redis.GetDatabase().SortedSetRangeByRankAsync("servers"))
            await queue.InsistAsync(new(Guid.Parse(server.ToString()), new byte[] { 0xFF, 0xFF }), _ct);
    }

    private Task SeenAsync(string instrument, string? tag = null, string? value = null) => Eventually.HoldsAsync(
        () => Task.FromResult(servers.Collector.Metrics.Any(metric => metric.Name == instrument
            && (tag is null || metric.Tags.GetValueOrDefault(tag) == value))),
        $"{instrument} {tag}={value} was exported", _ct);

    private static string[] Documented()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "telemetry.md"));
        string[] instruments = [.. Row().Matches(text).Select(row => row.Groups[1].Value)];
        Assert.True(instruments.Length > 12, string.Join(" ", instruments));
        return instruments;
    }

    private async Task<long> IdOfAsync(ChatUser user) => (await Sql.QueryAsync<long>(
        servers.ConnectionString, $"SELECT id FROM users WHERE username = '{user.Username}'", _ct)).Single();

    [GeneratedRegex(@"(?m)^\| `(chatable\.(?:realtime|messages|sync)\.[a-z_.]+)`")]
    private static partial Regex Row();
}
