using System.Text.Json;
using Chatable.Tests.Api;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery.V2;

/// <summary>A client ID names one message, no matter how often and over which protocol it is sent.</summary>
public class IdempotencyTests(SendingTests.Servers servers) : IClassFixture<SendingTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheSameMessageHasTheSameAnswerForEverWhereverItIsSentAndAnotherUnderItsClientIdIsRefused()
    {
        var (bob, here) = await servers.JoinV2Async(servers.A, _ct);
        await using var there = await V2Socket.JoinAsync(servers.B, bob.Token, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        var ack = await here.SendAndAckAsync("c1", alice, "the first", _ct);
        Assert.Equal("c1", (await there.ReceiveAsync("message", _ct)).Text("client_id"));

        foreach (var socket in (V2Socket[])[here, there])
        {
            var again = await socket.SendAndAckAsync("c1", alice, "the first", _ct);
            Assert.True(again.GetProperty("duplicate").GetBoolean());
            Assert.Equal(SendingTests.PlaceIn(ack), SendingTests.PlaceIn(again));
            foreach (var (recipient, body) in ((ChatUser, string)[])[(alice, "another"), (bob, "the first")])
            {
                await socket.SendAsync("c1", recipient, body, _ct);
                var refused = await socket.ReceiveErrorAsync("idempotency_key_reused", _ct);
                Assert.Equal(("c1", false), (refused.Text("client_id"), refused.GetProperty("retryable").GetBoolean()));
            }
        }

        Assert.Equal("the first", (await alices.ReceiveAsync("message", _ct)).Text("message"));
        await here.SendAndAckAsync("c2", alice, "the next", _ct);
        Assert.Equal("the next", (await alices.ReceiveAsync("message", _ct)).Text("message"));
    }

    [Fact]
    public async Task TheSameClientIdFromTwoServersAtOnceIsStoredOnce()
    {
        var (bob, here) = await servers.JoinV2Async(servers.A, _ct);
        await using var there = await V2Socket.JoinAsync(servers.B, bob.Token, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        for (var i = 1; i <= 8; i++)
        {
            await Task.WhenAll(here.SendAsync($"c{i}", alice, "from both", _ct), there.SendAsync($"c{i}", alice, "from both", _ct));
            // Frames sent later on the same connection are answered later.
            await Task.WhenAll(here.SendAsync($"here{i}", alice, "next", _ct), there.SendAsync($"there{i}", alice, "next", _ct));
            JsonElement[] frames = [.. await ReadToAckAsync(here, $"here{i}"), .. await ReadToAckAsync(there, $"there{i}")];

            var told = frames.Where(frame => frame.Text("client_id") == $"c{i}").ToArray();
            Assert.Equal(3, told.Length);
            Assert.Single(told, frame => frame.Has("duplicate"));
            Assert.Single(told.Select(SendingTests.PlaceIn).Distinct());
        }

        await using var resumed = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct);
        await resumed.HelloAsync(since: 0, epoch: null, _ct);
        Assert.Equal(8 * 3, resumed.Head);
    }

    [Fact]
    public async Task OfTwoMessagesUnderOneClientIdOnTwoServersAtOnceOneIsStoredAndNoAckSpeaksOfTheOther()
    {
        var (bob, here) = await servers.JoinV2Async(servers.A, _ct);
        await using var there = await V2Socket.JoinAsync(servers.B, bob.Token, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        for (var i = 1; i <= 8; i++)
        {
            await Task.WhenAll(here.SendAsync($"c{i}", alice, "here", _ct), there.SendAsync($"c{i}", alice, "there", _ct));
            await Task.WhenAll(here.SendAsync($"here{i}", alice, "next", _ct), there.SendAsync($"there{i}", alice, "next", _ct));
            var atHere = Told(await ReadToAckAsync(here, $"here{i}"), $"c{i}");
            var atThere = Told(await ReadToAckAsync(there, $"there{i}"), $"c{i}");

            var (winner, loser, text) = atHere.Any(frame => frame.Text("type") == "ack")
                ? (atHere, atThere, "here") : (atThere, atHere, "there");
            Assert.Equal("ack", Assert.Single(winner).Text("type"));
            Assert.Equal(["error", "message"], loser.Select(frame => frame.Text("type")!).Order(StringComparer.Ordinal));
            Assert.Equal(text, loser.Single(frame => frame.Text("type") == "message").Text("message"));
            Assert.Equal("idempotency_key_reused", loser.Single(frame => frame.Text("type") == "error").Text("code"));
        }

        static JsonElement[] Told(IEnumerable<JsonElement> frames, string id) =>
            [.. frames.Where(frame => frame.Has("client_id") && frame.Text("client_id") == id)];
    }

    [Fact]
    public async Task TheSameIdOverRestAndASocketAtOnceIsStoredOnce()
    {
        var (bob, socket) = await servers.JoinV2Async(servers.B, _ct);
        var alice = await servers.Client.RegisterAsync(_ct);

        for (var i = 1; i <= 8; i++)
        {
            var posting = servers.Client.SayAsync(bob, alice, "by both ways", _ct, key: $"c{i}");
            await socket.SendAsync($"c{i}", alice, "by both ways", _ct);
            await socket.SendAsync($"next{i}", alice, "next", _ct);
            var answer = await posting;
            var told = (await ReadToAckAsync(socket, $"next{i}")).Where(frame => frame.Text("client_id") == $"c{i}").ToArray();

            Assert.Contains(answer.Status, new[] { 200, 201 });
            Assert.Contains(told, frame => frame.Text("type") == "ack");
            Assert.Single(told.Append(answer.Envelope).Select(SendingTests.PlaceIn).Distinct());
        }

        await using var count = servers.Database.CreateCommand(
            "SELECT count(*) FROM messages m JOIN users u ON u.id = m.author_id WHERE u.username = $1");
        count.Parameters.AddWithValue(bob.Username);
        Assert.Equal(8 * 2L, await count.ExecuteScalarAsync(_ct));
    }

    private async Task<List<JsonElement>> ReadToAckAsync(V2Socket socket, string clientId)
    {
        var frames = new List<JsonElement>();
        do
            frames.Add(await socket.ReceiveAsync(_ct));
        while (frames[^1].Text("type") != "ack" || frames[^1].Text("client_id") != clientId);
        return frames;
    }
}
