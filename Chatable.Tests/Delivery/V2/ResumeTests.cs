using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>How a v2 connection starts: from now on, from the client's last position, or with a reset.</summary>
public class ResumeTests(ChatServers servers) : IClassFixture<ChatServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task AHelloIsAnsweredWithWelcomeAndCaughtUpAndThenTheLogIsLive()
    {
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);
        await using var alices = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        Assert.Equal(V2Socket.Subprotocol, alices.Socket.SubProtocol);

        await alices.SendAsync("""{"type":"hello","device":"phone","later":{"x":1}}""", _ct);
        var welcome = await alices.ReceiveAsync("welcome", _ct);

        Assert.Equal((alice.Username, alices.Server, 0L), (welcome.Text("user"), welcome.Text("server"), welcome.Number("head")));
        Assert.Equal(
            (20_000L, 16_384L, 32L), (welcome.Number("heartbeat_ms"), welcome.Number("max_frame_bytes"), welcome.Number("window")));
        Assert.True(Guid.TryParseExact(welcome.Text("epoch"), "D", out _));
        Assert.Equal(0, (await alices.ReceiveAsync("caught_up", _ct)).Number("seq"));

        await bobs.SendAsync("c1", alice, "hello 😀", _ct);
        var message = await alices.ReceiveAsync("message", _ct);
        Assert.Equal((1L, bob.Username, "hello 😀"), (message.Number("seq"), message.Text("author"), message.Text("message")));
        Assert.False(message.Has("client_id"));
    }

    [Fact]
    public async Task AClientGoesOnAtAnotherServerWhereItWas()
    {
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, first) = await servers.JoinV2Async(servers.A, _ct);
        for (var i = 1; i <= 5; i++)
            await bobs.SendAndAckAsync($"c{i}", alice, $"{i}", _ct);
        Assert.Equal(1, (await first.ReceiveAsync("message", _ct)).Number("seq"));
        await first.DisposeAsync();

        await using var second = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await second.HelloAsync(since: 1, first.Epoch, _ct);
        Assert.Equal(5, second.Head);
        for (var i = 2; i <= 5; i++)
        {
            var message = await second.ReceiveAsync("message", _ct);
            Assert.Equal((i, $"{i}"), (message.Number("seq"), message.Text("message")));
        }

        Assert.Equal(5, (await second.ReceiveAsync("caught_up", _ct)).Number("seq"));
        await bobs.SendAndAckAsync("c6", alice, "live", _ct);
        Assert.Equal(6, (await second.ReceiveAsync("message", _ct)).Number("seq"));
        Assert.NotEqual(bob.Username, alice.Username);
    }

    [Fact]
    public async Task AWholeWindowMayFollowTheHelloAtOnce()
    {
        const int Window = 32;
        var (bob, alice) = (await servers.Client.RegisterAsync(_ct), await servers.Client.RegisterAsync(_ct));
        await using var bobs = await V2Socket.ConnectAsync(servers.A, bob.Token, _ct);

        await bobs.SendAsync(V2Socket.Hello(since: 0, epoch: null), _ct);
        await bobs.SendAsync("""{"type":"ping"}""", _ct);
        for (var i = 1; i <= Window; i++)
            await bobs.SendAsync($"c{i}", alice, $"{i}", _ct);

        Assert.Equal(Window, (await bobs.ReceiveAsync("welcome", _ct)).Number("window"));
        await bobs.ReceiveAsync("caught_up", _ct);
        await bobs.ReceiveAsync("pong", _ct);
        for (var i = 1; i <= Window; i++)
            Assert.Equal($"c{i}", (await bobs.ReceiveAsync("ack", _ct)).Text("client_id"));
    }

    [Fact]
    public async Task ALongBacklogComesWholeWhileMoreIsWritten()
    {
        const int Old = 450;
        const int New = 20;
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);
        await bobs.SendAndAckAsync("first", alice, "1", _ct);
        await CopyEnvelopesAsync(alice, Old);

        await using var alices = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await alices.HelloAsync(since: 0, epoch: null, _ct);
        for (var i = 0; i < New; i++)
            await bobs.SendAsync($"c{i}", alice, "more", _ct);

        var caughtUp = new List<long>();
        for (var seq = 1; seq <= Old + New;)
        {
            var frame = await alices.ReceiveAsync(_ct);
            if (frame.Text("type") == "caught_up")
                caughtUp.Add(frame.Number("seq"));
            else
                Assert.Equal(seq++, frame.Number("seq"));
            Assert.True(seq > alices.Head || caughtUp.Count == 0, "caught_up came before the end of the backlog.");
        }

        Assert.Equal([alices.Head], caughtUp);
        Assert.NotEqual(bob.Username, alice.Username);
    }

    [Theory]
    [InlineData(1L, false, "of an unknown epoch")]
    [InlineData(1L, null, "without an epoch")]
    [InlineData(3L, true, "above the head")]
    [InlineData(long.MaxValue, true, "far above the head")]
    public async Task ACursorThatCannotBeHonouredIsResetAndTheLogGoesOnFromItsHead(long since, bool? sameEpoch, string why)
    {
        var (alice, sending) = await servers.JoinV2Async(servers.A, _ct);
        await sending.SendAndAckAsync("c1", alice, "1", _ct);
        await sending.SendAndAckAsync("c2", alice, "2", _ct);

        await using var resuming = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await resuming.HelloAsync(since, sameEpoch is null ? null : sameEpoch.Value ? sending.Epoch : $"{Guid.NewGuid()}", _ct);

        var reset = await resuming.ReceiveAsync("reset", _ct);
        Assert.Equal((why, sending.Epoch, 2L), (why, reset.Text("epoch"), reset.Number("head")));
        Assert.Equal(2, (await resuming.ReceiveAsync("caught_up", _ct)).Number("seq"));
        await sending.SendAndAckAsync("c3", alice, "3", _ct);
        Assert.Equal(3, (await resuming.ReceiveAsync("message", _ct)).Number("seq"));
    }

    [Fact]
    public async Task AfterTheLogHasStartedOverEveryCursorIsResetButThatOfWhoAsksForEverything()
    {
        var (alice, before) = await servers.JoinV2Async(servers.A, _ct);
        await before.SendAndAckAsync("c1", alice, "1", _ct);
        await ExecuteAsync("UPDATE log_epoch SET epoch = gen_random_uuid()");

        await using var resuming = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await resuming.HelloAsync(since: 1, before.Epoch, _ct);
        Assert.NotEqual(before.Epoch, (await resuming.ReceiveAsync("reset", _ct)).Text("epoch"));

        await using var anew = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await anew.HelloAsync(since: 0, before.Epoch, _ct);
        Assert.Equal(1, (await anew.ReceiveAsync("message", _ct)).Number("seq"));
        Assert.Equal(1, (await anew.ReceiveAsync("caught_up", _ct)).Number("seq"));
    }

    [Fact]
    public async Task WhatIsSentRightBehindTheHelloIsTakenAndAnsweredAfterIt()
    {
        var alice = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);

        await socket.SendAsync(V2Socket.Hello(since: 0, epoch: null), _ct);
        await socket.SendAsync("c1", alice, "1", _ct);
        await socket.SendAsync("""{"type":"ping"}""", _ct);
        await socket.SendAsync("c2", alice, "2", _ct);

        await socket.ReceiveAsync("welcome", _ct);
        await socket.ReceiveAsync("caught_up", _ct);
        // The pong waits for nothing, but an ack may still arrive first.
        JsonElement[] answers = [await socket.ReceiveAsync(_ct), await socket.ReceiveAsync(_ct), await socket.ReceiveAsync(_ct)];
        Assert.Single(answers, answer => answer.Text("type") == "pong");
        Assert.Equal(
            [("c1", 1L), ("c2", 2L)],
            answers.Where(answer => answer.Text("type") == "ack").Select(ack => (ack.Text("client_id"), ack.Number("seq"))));
    }

    [Fact]
    public async Task WhereTheHeadCannotBeReadTheClientIsToldToComeBack()
    {
        var alice = await servers.Client.RegisterAsync(_ct);
        await using var socket = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await ExecuteAsync("ALTER TABLE log_epoch RENAME TO log_epoch_away");
        try
        {
            await socket.SendAsync(V2Socket.Hello(since: null, epoch: null), _ct);
            Assert.Equal(1013, await socket.WaitForCloseAsync(_ct));
        }
        finally
        {
            await ExecuteAsync("ALTER TABLE log_epoch_away RENAME TO log_epoch");
        }

        await using var again = await V2Socket.JoinAsync(servers.A, alice.Token, _ct);
        await again.SendAndAckAsync("c1", alice, "here again", _ct);
    }

    // Copies one message many times into the user's log.
    private Task CopyEnvelopesAsync(ChatUser user, int upTo) => ExecuteAsync($"""
        WITH grown AS (
            UPDATE user_heads SET last_seq = {upTo}
            WHERE user_id = (SELECT id FROM users WHERE username = '{user.Username}') RETURNING user_id)
        INSERT INTO envelopes (user_id, seq, conversation_id, conversation_seq, kind)
        SELECT e.user_id, n, e.conversation_id, e.conversation_seq, e.kind FROM grown JOIN envelopes e USING (user_id), generate_series(2, {upTo}) n
        """);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = servers.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(_ct);
    }
}
