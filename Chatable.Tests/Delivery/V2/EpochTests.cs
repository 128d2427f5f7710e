using System.Net.WebSockets;
using Chatable.Tests.Api;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>
/// The epoch changes while sockets are open. The services detect a promotion when the epoch belongs to a different timeline than
/// PostgreSQL's. Rows deleted before that are what the promoted server lacks.
/// </summary>
public class EpochTests(ChatServers servers) : IClassFixture<ChatServers>
{
    private const string Promote = "UPDATE log_epoch SET timeline = '00000000'";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoIsNotBeyondTheEndIsToldTheEpochAndGoesOn()
    {
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        await bobs.SendAndAckAsync("c1", alice, "1", _ct);
        await alices.ReceiveAsync("message", _ct);

        await ExecuteAsync(Promote);
        await bobs.SendAsync("c2", alice, "2", _ct);

        var epoch = await alices.ReceiveAsync("epoch", _ct);
        Assert.Equal(1, epoch.Number("shared_until"));
        Assert.NotEqual(alices.Epoch, epoch.Text("epoch"));
        var second = await alices.ReceiveAsync("message", _ct);
        Assert.Equal(("2", 2L), (second.Text("message"), second.Number("seq")));
        Assert.Equal(epoch.Text("epoch"), (await bobs.ReceiveAsync("epoch", _ct)).Text("epoch"));
        Assert.Equal("c2", (await bobs.ReceiveAsync("ack", _ct)).Text("client_id"));
        await bobs.SendAndAckAsync("c3", alice, "3", _ct);
        Assert.Equal(3, (await alices.ReceiveAsync("message", _ct)).Number("seq"));

        // A client that was away in the meantime is told the same.
        await using var back = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await back.HelloAsync(since: 1, alices.Epoch, _ct);
        var told = await back.ReceiveAsync("epoch", _ct);
        Assert.Equal((epoch.Text("epoch"), 1L), (told.Text("epoch"), told.Number("shared_until")));
        Assert.Equal(2, (await back.ReceiveAsync("message", _ct)).Number("seq"));
        Assert.NotEqual(bob.Username, alice.Username);

        await using var beyond = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await beyond.HelloAsync(since: 2, alices.Epoch, _ct);
        Assert.Equal(3, (await beyond.ReceiveAsync("reset", _ct)).Number("head"));
        var polled = await servers.Client.SyncAsync(alice, $"?since=1&epoch={alices.Epoch}", _ct);
        Assert.Equal((epoch.Text("epoch"), false), (polled.Envelope.Text("epoch"), polled.Envelope.Has("reset")));
    }

    [Fact]
    public async Task WhoIsBeyondTheEndIsClosedAndGetsWhatHasItsPlaceNow()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        await bobs.SendAndAckAsync("c1", alice, "1", _ct);
        await bobs.SendAndAckAsync("c2", alice, "lost", _ct);
        await alices.ReceiveAsync("message", _ct);
        await alices.ReceiveAsync("message", _ct);

        await SetBackAsync(alice, to: 1);
        await ExecuteAsync(Promote);
        await bobs.SendAsync("c3", alice, "in its place", _ct);
        Assert.Equal(1013, await alices.WaitForCloseAsync(_ct));

        await using var back = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await back.HelloAsync(since: 2, alices.Epoch, _ct);
        Assert.Equal(back.Epoch, (await back.ReceiveAsync("reset", _ct)).Text("epoch"));
        await using var anew = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await anew.HelloAsync(since: 1, alices.Epoch, _ct);
        Assert.Equal(1, (await anew.ReceiveAsync("epoch", _ct)).Number("shared_until"));
        Assert.Equal("in its place", (await anew.ReceiveAsync("message", _ct)).Text("message"));
    }

    [Fact]
    public async Task ALogThatWasSetBackWithoutAnEpochClosesWhoIsBeyondItsHead()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        var (_, v1) = await servers.JoinAsync(servers.B, _ct);
        await bobs.SendAndAckAsync("c1", alice, "1", _ct);
        await alices.ReceiveAsync("message", _ct);

        await SetBackAsync(alice, to: 0);

        Assert.Equal(1013, await alices.WaitForCloseAsync(_ct));
        await v1.DisposeAsync();
    }

    [Fact]
    public async Task ARepeatThatMeetsAnotherEpochIsAnsweredOrItsConnectionEnds()
    {
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);
        await bobs.SendAndAckAsync("c1", alice, "1", _ct);

        await ExecuteAsync(Promote);
        await bobs.SendAsync("c1", alice, "1", _ct);
        var end = await Record.ExceptionAsync(() => bobs.ReceiveAsync("ack", _ct));
        Assert.True(end is null || bobs.Socket.CloseStatus is (WebSocketCloseStatus)1013, $"{end}");

        await using var back = await V2Socket.ConnectAsync(servers.B, bob.Token, _ct);
        await back.HelloAsync(since: 1, bobs.Epoch, _ct);
        Assert.Equal(1, (await back.ReceiveAsync("epoch", _ct)).Number("shared_until"));
        await back.ReceiveAsync("caught_up", _ct);
        await back.SendAsync("c1", alice, "1", _ct);
        Assert.Equal(1, (await back.ReceiveAsync("ack", _ct)).Number("seq"));
    }

    private Task SetBackAsync(ChatUser user, long to) => ExecuteAsync($"""
        DELETE FROM envelopes e USING users u WHERE u.id = e.user_id AND u.username = '{user.Username}' AND e.seq > {to};
        UPDATE user_heads h SET last_seq = {to} FROM users u WHERE u.id = h.user_id AND u.username = '{user.Username}'
        """);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = servers.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(_ct);
    }
}
