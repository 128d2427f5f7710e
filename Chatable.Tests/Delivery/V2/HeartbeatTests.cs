using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>A server that has nothing to send sends pings to v2 clients, once they have been welcomed.</summary>
public class HeartbeatTests(HeartbeatTests.Servers servers) : IClassFixture<HeartbeatTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__Times__Ping", "00:00:01"), ("Realtime__Times__Hello", "00:01:00")];
    }

    [Fact]
    public async Task AQuietServerPingsTimeAndAgainAndIgnoresTheAnswer()
    {
        var (user, socket) = await servers.JoinV2Async(servers.A, _ct);
        await using var _ = socket;
        Assert.Equal(1000, socket.Welcome.Number("heartbeat_ms"));

        for (var i = 0; i < 3; i++)
        {
            await socket.ReceiveAsync("ping", _ct);
            await socket.SendAsync("""{"type":"pong"}""", _ct);
        }

        await socket.SendAndAckAsync("c1", user, "still here", _ct);
        await socket.ReceiveAsync("ping", _ct);
    }

    [Fact]
    public async Task NeitherAV1ClientNorOneThatWasNotWelcomedIsPinged()
    {
        var (user, old) = await servers.JoinAsync(servers.A, _ct);
        await using var _ = old;
        await old.SendAsync(user, "before", _ct);
        Assert.Equal("before", (await old.ReceiveAsync(_ct)).Text("message"));
        await using var waiting = await V2Socket.ConnectAsync(servers.A, user.Token, _ct);
        await waiting.SendAsync("""{"type":"ping"}""", _ct);
        await waiting.ReceiveAsync("pong", _ct);
        await using var quiet = await V2Socket.JoinAsync(servers.A, user.Token, _ct);

        // One pass over all connections pings this one, although it was quiet for the shortest time.
        await quiet.ReceiveAsync("ping", _ct);
        await quiet.ReceiveAsync("ping", _ct);

        await old.SendAsync(user, "after", _ct);
        Assert.Equal("after", (await old.ReceiveAsync(_ct)).Text("message"));
        await waiting.SendAsync(V2Socket.Hello(null, null), _ct);
        Assert.Equal("welcome", (await waiting.ReceiveRawAsync(_ct)).Text("type"));
    }
}
