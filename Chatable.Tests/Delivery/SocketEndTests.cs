using System.Net;
using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>Sockets ended by an expired or revoked token, a server shutdown, or the loss of Redis. Each test has its own servers.</summary>
public class SocketEndTests(PostgresServer postgres)
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    private sealed class PingingServers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__Times__Ping", "00:00:01"), ("Realtime__Times__Pong", "00:00:12")];
    }

    private sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__TokenCheckInterval", "00:00:02")];
    }

    private sealed class UncheckedServers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__TokenCheckInterval", "1.00:00:00")];
    }

    [Fact]
    public async Task ARevokedTokensSocketsAreClosedOnEveryServerAndNoOthers()
    {
        await using var servers = new UncheckedServers(postgres);
        await servers.InitializeAsync();
        var user = await servers.Client.RegisterAsync(_ct);
        var other = await servers.Client.LogInAsync(user.Username, user.Password, _ct);
        await using var here = await ChatSocket.ConnectAsync(servers.A, user.Token, _ct);
        await using var there = await ChatSocket.ConnectAsync(servers.B, user.Token, _ct);
        await using var untouched = await ChatSocket.ConnectAsync(servers.B, other, _ct);

        Assert.Equal(200, (await servers.Client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), _ct)).Status);
        var revoked = TimeProvider.System.GetTimestamp();

        Assert.Equal(4401, await here.WaitForCloseAsync(_ct));
        Assert.Equal(4401, await there.WaitForCloseAsync(_ct));
        Assert.True(TimeProvider.System.GetElapsedTime(revoked) < TimeSpan.FromSeconds(5));
        await untouched.SendAsync(user, "I am still here", _ct);
        Assert.Equal("I am still here", (await untouched.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task WithoutRedisARevokedTokensSocketsAreFoundByTheCheck()
    {
        await using var servers = new Servers(postgres);
        await servers.InitializeAsync();
        var user = await servers.Client.RegisterAsync(_ct);
        await using var there = await ChatSocket.ConnectAsync(servers.B, user.Token, _ct);

        await servers.StopRedisAsync();
        Assert.Equal(200, (await servers.Client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), _ct)).Status);

        Assert.Equal(4401, await there.WaitForCloseAsync(_ct));
    }

    [Fact]
    public async Task ARevocationWhoseWordWasMissedIsFoundWhenWordsComeAgain()
    {
        await using var servers = new UncheckedServers(postgres);
        await servers.InitializeAsync();
        var (user, socket) = await servers.JoinAsync(servers.B, _ct);
        await using var revocation = servers.Database.CreateCommand(
            "UPDATE auth_tokens SET revoked_at = now() WHERE user_id = (SELECT id FROM users WHERE username = $1)");
        revocation.Parameters.AddWithValue(user.Username);
        await revocation.ExecuteNonQueryAsync(_ct);

        // Like a restart of Redis or a broken link.
        await servers.Redis.GetServers().Single().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");

        Assert.Equal(4401, await socket.WaitForCloseAsync(_ct));
    }

    [Fact]
    public async Task AClientThatAnswersNoPingIsLetGo()
    {
        await using var servers = new PingingServers(postgres);
        await servers.InitializeAsync();
        var user = await servers.Client.RegisterAsync(_ct);
        using var raw = await RawSocket.ConnectAsync(servers.A, user.Token, _ct);

        var pings = 0;
        while (await raw.ReadFrameAsync(_ct) is { } frame)
        {
            Assert.Equal(RawSocket.Final | RawSocket.Ping, frame.First);
            pings++;
        }

        Assert.NotEqual(0, pings);
        await servers.AssertStillDeliversAsync(_ct);
    }

    [Fact]
    public async Task AnExpiredTokensSocketIsClosed()
    {
        await using var servers = new Servers(postgres);
        await servers.InitializeAsync();
        var user = await servers.Client.RegisterAsync(_ct);
        await using var update = servers.Database.CreateCommand("UPDATE auth_tokens SET expires_at = now() + interval '15 seconds'");
        await update.ExecuteNonQueryAsync(_ct);
        await using var socket = await ChatSocket.ConnectAsync(servers.B, user.Token, _ct);

        Assert.Equal(4401, await socket.WaitForCloseAsync(_ct));
    }

    [Fact]
    public async Task WithoutRedisSendsAreAnsweredAndNewConnectionsRefusedInBoundedTime()
    {
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        var (user, socket) = await servers.JoinAsync(servers.A, _ct);
        var late = await servers.Client.RegisterAsync(_ct);
        await servers.StopRedisAsync();
        // A message in flight when the connection breaks has an unknown outcome, which correctly ends the socket. So send only after the
        // break is noticed.
        await Eventually.HoldsAsync(
            async () => (await servers.Client.Http.GetAsync("/health", _ct)).StatusCode == HttpStatusCode.ServiceUnavailable,
            "server A knows that Redis is gone", _ct);

        await socket.SendAsync(user, "hello?", _ct);
        Assert.Equal(503, (await socket.ReceiveAsync(_ct)).ErrorCode());

        Assert.Equal(WebSocketState.Open, socket.Socket.State);
        var began = TimeProvider.System.GetTimestamp();
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => ChatSocket.ConnectAsync(servers.A, late.Token, _ct));
        Assert.Equal(503, refused.Data["status"]);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task AServerToldToStopClosesItsSocketsAndLeavesTheRegistry()
    {
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        var stopping = await servers.StartApiAsync(_ct);
        var (user, socket) = await servers.JoinAsync(stopping.Address, _ct);
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        await bobs.SendAsync(user, "before", _ct);
        Assert.Equal("before", (await socket.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal(3, await servers.Redis.GetDatabase().SortedSetLengthAsync("servers"));

        var stopped = Task.Run(stopping.Dispose, _ct);

        Assert.Equal(1012, await socket.WaitForCloseAsync(_ct));
        await socket.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _ct);
        await stopped;
        Assert.Equal(2, await servers.Redis.GetDatabase().SortedSetLengthAsync("servers"));
        Assert.Equal(2, servers.Redis.GetServers().Single().Keys(pattern: "srv:*").Count() + await EmptyQueuesAsync(servers));
        await using var again = await ChatSocket.ConnectAsync(servers.B, user.Token, _ct);
        await bobs.SendAsync(user, "after", _ct);
        Assert.Equal("after", (await again.ReceiveAsync(_ct)).Text("message"));
    }

    // A queue that was never used has no key.
    private static async Task<int> EmptyQueuesAsync(ChatServers servers)
    {
        var members = await servers.Redis.GetDatabase().SortedSetRangeByRankAsync("servers");
        var keys = members.Select(member => (StackExchange.Redis.RedisKey)$"srv:{{{member}}}");
        return keys.Count(key => !servers.Redis.GetDatabase().KeyExists(key));
    }
}
