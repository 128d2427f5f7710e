using System.Net;
using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>v2 connections that are ended from outside. Each test has its own servers.</summary>
public class EndTests(PostgresServer postgres)
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AServerToldToStopSaysSoFirstAndTheClientGoesOnElsewhere()
    {
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        var stopping = await servers.StartApiAsync(_ct);
        var (user, socket) = await servers.JoinV2Async(stopping.Address, _ct);
        await socket.SendAndAckAsync("c1", user, "before", _ct);

        var stopped = Task.Run(stopping.Dispose, _ct);

        Assert.Equal(5000, (await socket.ReceiveAsync("draining", _ct)).Number("reconnect_within_ms"));
        Assert.Equal(1012, await socket.WaitForCloseAsync(_ct));
        await socket.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _ct);
        await stopped;
        await using var again = await V2Socket.ConnectAsync(servers.B, user.Token, _ct);
        await again.HelloAsync(since: 1, socket.Epoch, _ct);
        Assert.Equal(1, (await again.ReceiveAsync("caught_up", _ct)).Number("seq"));
        Assert.Equal(2, (await again.SendAndAckAsync("c2", user, "after", _ct)).Number("seq"));
    }

    [Fact]
    public async Task AMessageOfUnknownFateEndsTheConnectionAndIsSafelySentAgain()
    {
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        var (user, socket) = await servers.JoinV2Async(servers.A, _ct);
        var redis = servers.Redis.GetServers().Single();

        await redis.ExecuteAsync("CLIENT", "PAUSE", "60000", "WRITE");
        await socket.SendAsync("c1", user, "taken or not", _ct);
        await socket.SendAsync("c2", user, "not ahead of it", _ct);
        Assert.Equal(1013, await socket.WaitForCloseAsync(_ct));
        await redis.ExecuteAsync("CLIENT", "UNPAUSE");

        await using var again = await ConnectWhenReadyAsync(servers, user);
        await again.HelloAsync(since: 0, epoch: null, _ct);
        await again.SendAsync("c1", user, "taken or not", _ct);
        await again.SendAsync("c2", user, "not ahead of it", _ct);
        var seqs = new Dictionary<string, long>();
        while (seqs.Count < 2)
        {
            if (await again.ReceiveAsync(_ct) is var frame && frame.Text("type") is "ack" or "message")
                seqs[frame.Text("client_id")!] = frame.Number("conversation_seq");
        }

        Assert.Equal((1L, 2L), (seqs["c1"], seqs["c2"]));
    }

    [Fact]
    public async Task WithoutRedisAMessageIsUnavailableAndTheConnectionStays()
    {
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        var (user, socket) = await servers.JoinV2Async(servers.A, _ct);
        await servers.StopRedisAsync();
        // A message in flight when the connection breaks has an unknown outcome, which correctly ends the socket. So send only after the
        // break is noticed.
        await Eventually.HoldsAsync(
            async () => (await servers.Client.Http.GetAsync("/health", _ct)).StatusCode == HttpStatusCode.ServiceUnavailable,
            "server A knows that Redis is gone", _ct);

        await socket.SendAsync("c1", user, "1", _ct);
        await socket.ReceiveErrorAsync("unavailable", _ct);
        await socket.SendAsync("c2", user, "2", _ct);

        var error = await socket.ReceiveErrorAsync("out_of_order", _ct);
        Assert.Equal(("c2", true), (error.Text("client_id"), error.GetProperty("retryable").GetBoolean()));
        Assert.Equal(WebSocketState.Open, socket.Socket.State);
    }

    // Its lease may have expired in the meantime.
    private async Task<V2Socket> ConnectWhenReadyAsync(ChatServers servers, ChatUser user)
    {
        V2Socket? socket = null;
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                socket = await V2Socket.ConnectAsync(servers.B, user.Token, _ct);
                return true;
            }
            catch (WebSocketException exception) when (exception.Data["status"] is 503)
            {
                return false;
            }
        }, "a server accepts connections again", _ct);
        return socket!;
    }
}
