using System.Text.Json;
using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>What a v2 client receives when it sends a message, and who receives the message.</summary>
public class SendingTests(SendingTests.Servers servers) : IClassFixture<SendingTests.Servers>
{
    private const int Window = 4;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Realtime__Window", $"{Window}"), ("Realtime__FrameBurst", "200")];
    }

    [Fact]
    public async Task WhenTheAckIsThereTheMessageIsInTheDatabase()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        for (var i = 1; i <= 10; i++)
        {
            var ack = await bobs.SendAndAckAsync($"c{i}", alice, $"{i}", _ct);

            Assert.Equal((i, i), (ack.Number("seq"), ack.Number("conversation_seq")));
            Assert.False(ack.Has("duplicate"));
            await using var command = servers.Database.CreateCommand(
                "SELECT body FROM messages WHERE message_id = $1 AND conversation_id = $2 AND conversation_seq = $3");
            command.Parameters.AddWithValue(Guid.Parse(ack.Text("message_id")!));
            command.Parameters.AddWithValue(ack.Number("conversation"));
            command.Parameters.AddWithValue(ack.Number("conversation_seq"));
            Assert.Equal($"{i}", await command.ExecuteScalarAsync(_ct));
        }
    }

    [Fact]
    public async Task AV1AndAV2ClientTalkWithEachOther()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);

        await bobs.SendAsync(alice, "from v1", _ct);
        Assert.Equal("from v1", (await alices.ReceiveAsync("message", _ct)).Text("message"));
        var ack = await alices.SendAndAckAsync("c1", bob, "from v2", _ct);

        var frame = await bobs.ReceiveAsync(_ct);
        Assert.Equal(["author", "recipient", "message", "message_type", "created_at"], frame.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("from v2", ack.Text("created_at")), (frame.Text("message"), frame.Text("created_at")));
    }

    [Fact]
    public async Task TheAuthorsOtherV2DevicesGetTheMessageAndItsClientIdAndV1OnesDoNot()
    {
        var (bob, sending) = await servers.JoinV2Async(servers.A, _ct);
        await using var other = await V2Socket.JoinAsync(servers.B, bob.Token, _ct);
        await using var old = await ChatSocket.ConnectAsync(servers.B, bob.Token, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        var ack = await sending.SendAndAckAsync("c1", alice, "to alice", _ct);
        var message = await other.ReceiveAsync("message", _ct);
        Assert.Equal(("c1", "to alice"), (message.Text("client_id"), message.Text("message")));
        Assert.Equal(PlaceIn(ack), PlaceIn(message));

        var note = await sending.SendAndAckAsync("c2", bob, "to myself", _ct);
        Assert.Equal(PlaceIn(note), PlaceIn(await other.ReceiveAsync("message", _ct)));
        Assert.Equal("to myself", (await old.ReceiveAsync(_ct)).Text("message"));
    }

    [Fact]
    public async Task AMessageSentOnAConnectionThatWasLostIsAcknowledgedByTheBacklog()
    {
        var (alice, lost) = await servers.JoinV2Async(servers.A, _ct);
        await lost.SendAndAckAsync("c1", alice, "1", _ct);
        await lost.DisposeAsync();

        await using var resumed = await V2Socket.ConnectAsync(servers.B, alice.Token, _ct);
        await resumed.HelloAsync(since: 0, lost.Epoch, _ct);

        Assert.Equal(("c1", 1L), Named(await resumed.ReceiveAsync("message", _ct)));

        static (string?, long) Named(JsonElement frame) => (frame.Text("client_id"), frame.Number("seq"));
    }

    [Fact]
    public async Task NothingOvertakesAMessageThatTheIntakeLost()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);
        using (await servers.PauseWorkerAsync(_ct))
        {
            foreach (var id in (string[])["c1", "c2", "c3"])
                await bobs.SendAsync(id, alice, id, _ct);
            await LoseFirstOfAsync(entries: 3);
        }

        foreach (var id in (string[])["c2", "c3"])
            Assert.Equal(id, (await bobs.ReceiveErrorAsync("out_of_order", _ct)).Text("client_id"));
        await bobs.SendAsync("c4", alice, "c4", _ct);
        var refused = await bobs.ReceiveErrorAsync("out_of_order", _ct);
        Assert.Equal(("c4", true), (refused.Text("client_id"), refused.GetProperty("retryable").GetBoolean()));

        for (var i = 1; i <= 4; i++)
            await bobs.SendAsync($"c{i}", alice, $"c{i}", _ct);
        for (var i = 1; i <= 4; i++)
        {
            var ack = await bobs.ReceiveAsync("ack", _ct);
            Assert.Equal(($"c{i}", i), (ack.Text("client_id"), ack.Number("conversation_seq")));
        }
    }

    [Fact]
    public async Task PastTheWindowAMessageIsToComeAgainAndKeepsItsTurn()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);
        Assert.Equal(Window, bobs.Welcome.Number("window"));
        using (await servers.PauseWorkerAsync(_ct))
        {
            for (var i = 1; i <= Window + 2; i++)
                await bobs.SendAsync($"c{i}", alice, $"{i}", _ct);
            var busy = await bobs.ReceiveErrorAsync("busy", _ct);
            Assert.Equal(($"c{Window + 1}", true), (busy.Text("client_id"), busy.GetProperty("retryable").GetBoolean()));
            Assert.InRange(busy.Number("retry_after_ms"), 1, 60_000);
            Assert.Equal($"c{Window + 2}", (await bobs.ReceiveErrorAsync("out_of_order", _ct)).Text("client_id"));
        }

        for (var i = 1; i <= Window; i++)
            Assert.Equal($"c{i}", (await bobs.ReceiveAsync("ack", _ct)).Text("client_id"));
        for (var i = Window + 1; i <= Window + 2; i++)
            Assert.Equal(i, (await bobs.SendAndAckAsync($"c{i}", alice, $"{i}", _ct)).Number("conversation_seq"));
    }

    [Theory]
    [InlineData("hello", "invalid", null)]
    [InlineData("[1]", "invalid", null)]
    [InlineData("{}", "invalid", null)]
    [InlineData("""{"type":"mark","client_id":"c1"}""", "unsupported", "c1")]
    [InlineData("""{"type":"send"}""", "invalid", null)]
    [InlineData("""{"type":"send","client_id":"c 1","recipient":"ALICE","message":"x"}""", "invalid", null)]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":""}""", "invalid", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":"a\u0000b"}""", "invalid", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":" \n\u200b\u2800\u3164"}""", "empty", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":"x"}}""", "invalid", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":"x","x":[[[[[[[[1]]]]]]]]}""", "invalid", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":"x","message_type":2}""", "invalid", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"ALICE","message":"LONG"}""", "too_large", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"nobody_has_this_name","message":"x"}""", "unknown_recipient", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","author":"nobody_has_this_name","recipient":"ALICE","message":"x"}""", "forbidden", "c1")]
    public async Task AFrameThatCannotBeTakenIsAnsweredAndTheConnectionGoesOn(string frame, string code, string? clientId)
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        await bobs.SendAsync(
            frame.Replace("ALICE", alice.Username, StringComparison.Ordinal)
                .Replace("LONG", new string('x', 8193), StringComparison.Ordinal), _ct);

        var error = await bobs.ReceiveErrorAsync(code, _ct);
        Assert.Equal(clientId, error.Has("client_id") ? error.Text("client_id") : null);
        Assert.False(error.GetProperty("retryable").GetBoolean());
        Assert.NotEmpty(error.Text("message")!);
        await bobs.SendAndAckAsync("c1", alice, "a good one", _ct);
    }

    [Fact]
    public async Task TheAuthorMayBeNamedAndAnotherIsForbidden()
    {
        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);

        foreach (var (id, author) in ((string, string)[])[("c1", alice.Username), ("c2", bob.Username.ToUpperInvariant())])
        {
            JsonObject frame = V2Socket.Message(id, alice, id);
            frame["author"] = author;
            await bobs.SendAsync(frame, _ct);
        }

        Assert.Equal("c1", (await bobs.ReceiveErrorAsync("forbidden", _ct)).Text("client_id"));
        var ack = await bobs.ReceiveAsync("ack", _ct);
        Assert.Equal(("c2", 1), (ack.Text("client_id"), ack.Number("conversation_seq")));
        var message = await alices.ReceiveAsync("message", _ct);
        Assert.Equal(("c2", bob.Username), (message.Text("message"), message.Text("author")));
    }

    [Fact]
    public async Task APhotoIsAMessageOfItsOwnType()
    {
        var (_, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        JsonObject frame = V2Socket.Message("c1", alice, "https://photos.example/1");
        frame["message_type"] = 1;

        await bobs.SendAsync(frame, _ct);

        Assert.Equal(1, (await alices.ReceiveAsync("message", _ct)).Number("message_type"));
    }

    private async Task LoseFirstOfAsync(int entries)
    {
        var redis = servers.Redis.GetDatabase();
        var streams = Enumerable.Range(0, 16).Select(partition => $"in:{{{partition}}}").ToArray();
        string? stream = null;
        await Eventually.HoldsAsync(async () =>
        {
            foreach (var one in streams)
            {
                if (await redis.StreamLengthAsync(one) == entries)
                    stream = one;
            }

            return stream is not null;
        }, "the intake has all entries", _ct);
        var first = (await redis.StreamRangeAsync(stream, count: 1)).Single();
        Assert.Equal(1, await redis.StreamDeleteAsync(stream, [first.Id]));
    }

    internal static string PlaceIn(JsonElement frame) => string.Join(
        ' ', ((string[])["client_id", "message_id", "seq", "conversation", "conversation_seq", "created_at"])
            .Select(field => frame.GetProperty(field).GetRawText()));
}
