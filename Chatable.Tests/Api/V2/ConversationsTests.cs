using System.Globalization;
using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

public sealed class ConversationsTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AConversationIsShownWithItsLatestMessage()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(bob, alice, "first", "second");

        var page = await GetAsync("/api/v2/conversations", alice);

        Assert.Equal(["conversations", "next", "prev"], page.Names());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (page.GetProperty("next").ValueKind, page.GetProperty("prev").ValueKind));
        var one = page.GetProperty("conversations").EnumerateArray().Single();
        Assert.Equal(["id", "kind", "with", "last_seq", "last_message", "last_activity_at"], one.Names());
        Assert.Equal(("direct", bob.Username, 2), (one.Text("kind"), one.Text("with"), one.Number("last_seq")));
        var last = one.GetProperty("last_message");
        Assert.Equal(["message_id", "conversation_seq", "author", "message", "message_type", "created_at"], last.Names());
        Assert.Equal((bob.Username, "second", 2), (last.Text("author"), last.Text("message"), last.Number("conversation_seq")));
        Assert.Equal(one.Text("last_activity_at"), last.Text("created_at"));
    }

    [Fact]
    public async Task TheInboxIsWalkedInBothDirectionsWithoutOverlap()
    {
        var bob = await RegisterAsync();
        var names = new string[7];
        for (var i = 0; i < names.Length; i++)
        {
            var other = await RegisterAsync();
            names[^(i + 1)] = other.Username;
            await SendAsync(other, bob, "hello");
        }

        var (forward, last) = await WalkAsync("/api/v2/conversations?limit=3", "next", bob, Withs);
        Assert.Equal([names[..3], names[3..6], names[6..]], forward);
        var (back, first) = await WalkAsync(last.Text("prev")!, "prev", bob, Withs);
        Assert.Equal([names[3..6], names[..3]], back);
        Assert.Equal(JsonValueKind.Null, first.GetProperty("prev").ValueKind);
        Assert.Equal(names[3..6], Withs(await GetAsync(first.Text("next")!, bob)));
    }

    [Fact]
    public async Task AMessageMovesItsConversationAndDisturbsNoWalk()
    {
        var (bob, a, b, c) = (await RegisterAsync(), await RegisterAsync(), await RegisterAsync(), await RegisterAsync());
        foreach (var other in (ChatUser[])[c, b, a])
            await SendAsync(other, bob, "hello");

        var first = await GetAsync("/api/v2/conversations?limit=2", bob);
        Assert.Equal([a.Username, b.Username], Withs(first));
        await SendAsync(b, bob, "up");
        Assert.Equal([c.Username], Withs(await GetAsync(first.Text("next")!, bob)));
        Assert.Equal([b.Username, a.Username], Withs(await GetAsync("/api/v2/conversations?limit=2", bob)));
    }

    [Fact]
    public async Task TwoHundredAndFiftyMessagesAreWalkedForwardsAndBackwardsCompletely()
    {
        var (bob, alice, conversation) = await ConversationAsync(250);

        var (forward, last) = await WalkAsync($"/api/v2/conversations/{conversation}/messages?after=0&limit=40", "next", alice, Seqs);
        Assert.Equal(Enumerable.Range(1, 250).Select(n => (long)n), forward.SelectMany(page => page));
        Assert.Equal([40, 40, 40, 40, 40, 40, 10], forward.Select(page => page.Length));
        Assert.Equal(JsonValueKind.Null, last.GetProperty("next").ValueKind);

        var (backward, first) = await WalkAsync($"/api/v2/conversations/{conversation}/messages?limit=40", "prev", bob, Seqs);
        Assert.Equal(Enumerable.Range(1, 250).Select(n => (long)n), backward.AsEnumerable().Reverse().SelectMany(page => page));
        Assert.Equal(JsonValueKind.Null, first.GetProperty("prev").ValueKind);
    }

    [Fact]
    public async Task AMessageIsShownAsItsParticipantsSeeIt()
    {
        var (bob, alice, conversation) = await ConversationAsync(1);
        var path = $"/api/v2/conversations/{conversation}/messages";

        var own = (await GetAsync(path, bob)).GetProperty("messages")[0];
        Assert.Equal(
            ["message_id", "conversation", "conversation_seq", "author", "recipient", "message", "message_type", "created_at", "client_id"],
            own.Names());
        Assert.Equal(own.Text("message_id"), own.Text("client_id"));
        var other = (await GetAsync(path, alice)).GetProperty("messages")[0];
        Assert.False(other.TryGetProperty("client_id", out _));
        Assert.Equal((bob.Username, alice.Username, "m1"), (other.Text("author"), other.Text("recipient"), other.Text("message")));
        Assert.Equal((conversation, 0), (other.Number("conversation"), other.Number("message_type")));
    }

    [Theory]
    [InlineData(10, 5, 8, 12)]
    [InlineData(1, 5, 1, 5)]
    [InlineData(20, 5, 16, 20)]
    [InlineData(9999, 5, 16, 20)]
    [InlineData(10, 1, 10, 10)]
    [InlineData(10, 200, 1, 20)]
    public async Task AroundShowsTheMessagesOnBothSides(long seq, int limit, long first, long last)
    {
        var (bob, _, conversation) = await ConversationAsync(20);
        var page = await GetAsync($"/api/v2/conversations/{conversation}/messages?around={seq}&limit={limit}", bob);
        Assert.Equal((first, last), (Seqs(page)[0], Seqs(page)[^1]));
        Assert.Equal(last - first + 1, Seqs(page).Length);
        Assert.Equal(first > 1, page.GetProperty("prev").ValueKind == JsonValueKind.String);
        Assert.Equal(last < 20, page.GetProperty("next").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task ATimeLeadsToTheFirstMessageThatIsNotOlder()
    {
        var (bob, _, conversation) = await ConversationAsync(20);
        var path = $"/api/v2/conversations/{conversation}/messages";
        var times = (await GetAsync(path, bob)).GetProperty("messages").EnumerateArray().Select(message => message.Text("created_at")!).ToArray();
        for (var i = 0; i < times.Length; i++)
        {
            var page = await GetAsync($"{path}?at={times[i]}&limit=5", bob);
            Assert.Equal(Enumerable.Range(i + 1, Math.Min(5, 20 - i)).Select(n => (long)n), Seqs(page));
            Assert.Equal(i > 0, page.GetProperty("prev").ValueKind == JsonValueKind.String);
        }

        // The same moment, in another time zone.
        var east = DateTimeOffset.Parse(times[7], CultureInfo.InvariantCulture).ToOffset(TimeSpan.FromHours(5.5));
        var text = east.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
        Assert.Equal(8, Seqs(await GetAsync($"{path}?at={text}&limit=1", bob)).Single());
        Assert.Equal(8, Seqs(await GetAsync($"{path}?at={Uri.EscapeDataString(text)}&limit=1", bob)).Single());

        Assert.Equal((long[])[1, 2], Seqs(await GetAsync($"{path}?at=0001-01-01&limit=2", bob)));
        Assert.Equal((long[])[19, 20], Seqs(await GetAsync($"{path}?at=9999-12-31T23:59:59.9999999Z&limit=2", bob)));
    }

    [Theory]
    [InlineData("before=1", null, "after=0")]
    [InlineData("after=3", "before=4", null)]
    [InlineData("after=9223372036854775807", "before=4", null)]
    [InlineData("before=9223372036854775807&limit=2", "before=2", null)]
    public async Task BeyondEitherEndThePageLeadsBack(string query, string? prev, string? next)
    {
        var (bob, _, conversation) = await ConversationAsync(3);
        var page = await GetAsync($"/api/v2/conversations/{conversation}/messages?{query}", bob);
        Assert.Equal((prev is not null, next is not null), (Linked("prev", prev), Linked("next", next)));

        bool Linked(string name, string? to) => page.Text(name)?.Contains($"?{to}&", StringComparison.Ordinal) ?? false;
    }

    [Fact]
    public async Task NobodyElseLearnsOfAConversation()
    {
        var (_, _, conversation) = await ConversationAsync(1);
        var eve = await RegisterAsync();
        foreach (var id in (string[])[$"{conversation}", "9223372036854775807", "0", "-1", "01x", "%20", "1e3", "99999999999999999999"])
        {
            var answer = await api.Client.GetAsync($"/api/v2/conversations/{id}/messages", eve.Token, Cancellation);
            answer.AssertProblem(404, "not_found");
        }

        Assert.Empty(Withs(await GetAsync("/api/v2/conversations", eve)));
    }

    private async Task<(List<T[]> Pages, JsonElement Last)> WalkAsync<T>(
        string path, string link, ChatUser user, Func<JsonElement, T[]> read)
    {
        List<T[]> pages = [];
        while (true)
        {
            var page = await GetAsync(path, user);
            pages.Add(read(page));
            Assert.InRange(pages.Count, 1, 100);
            if (page.Text(link) is not { } next)
                return (pages, page);
            path = next;
        }
    }

    private async Task<JsonElement> GetAsync(string path, ChatUser user)
    {
        var answer = await api.Client.GetAsync(path, user.Token, Cancellation);
        Assert.Equal(200, answer.Status);
        return answer.Envelope;
    }

    private async Task<(ChatUser Bob, ChatUser Alice, long Conversation)> ConversationAsync(int messages)
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(bob, alice, [.. Enumerable.Range(1, messages).Select(n => $"m{n}")]);
        var page = await GetAsync("/api/v2/conversations", bob);
        return (bob, alice, page.GetProperty("conversations")[0].Number("id"));
    }

    private Task<ChatUser> RegisterAsync() => api.Client.RegisterAsync(Cancellation);

    private Task SendAsync(ChatUser author, ChatUser recipient, params string[] bodies) =>
        Messages.SendAsync(api.Database, author.Username, recipient.Username, bodies, Cancellation);

    private static string[] Withs(JsonElement page) =>
        [.. page.GetProperty("conversations").EnumerateArray().Select(one => one.Text("with")!)];

    private static long[] Seqs(JsonElement page) =>
        [.. page.GetProperty("messages").EnumerateArray().Select(message => message.Number("conversation_seq"))];
}
