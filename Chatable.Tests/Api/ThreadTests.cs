using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class ThreadTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InboxHasOneRowAConversationTheNewestFirst()
    {
        var (bob, alice, carol) = (await RegisterAsync(), await RegisterAsync(), await RegisterAsync());
        await SendAsync(bob, alice, "first");
        await SendAsync(carol, bob, "from carol");
        await SendAsync(alice, bob, "second");

        var answer = await api.Client.GetAsync("/api/inbox", bob.Token, Cancellation);
        Assert.Equal(2, answer.Envelope.GetProperty("current_page").GetInt32());
        Assert.Equal(
            [(alice.Username, "second", alice.Username), (carol.Username, "from carol", carol.Username)],
            answer.Data.EnumerateArray()
                .Select(row => (Text(row, "author_username"), Text(row, "latest_message"), Text(row, "with_username"))));
        Assert.Equal(["author_username", "created_at", "latest_message", "with_username"], Names(answer.Data[0]));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", Text(answer.Data[0], "created_at"));
    }

    [Fact]
    public async Task InboxNamesOneselfAsAuthorAndTheOtherAsPartner()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(bob, alice, "hello");
        var row = (await api.Client.GetAsync("/api/inbox", bob.Token, Cancellation)).Item;
        Assert.Equal((bob.Username, alice.Username), (Text(row, "author_username"), Text(row, "with_username")));
    }

    [Fact]
    public async Task ThreadHasBothDirectionsTheNewestFirst()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(alice, bob, "Hi bob");
        await SendAsync(bob, alice, "hello");

        var answer = await api.Client.GetAsync($"/api/thread/{alice.Username}", bob.Token, Cancellation);
        Assert.Equal(
            [(bob.Username, "hello", alice.Username), (alice.Username, "Hi bob", bob.Username)],
            answer.Data.EnumerateArray().Select(row => (Text(row, "author"), Text(row, "message"), Text(row, "recipient"))));
        Assert.Equal(["author", "created_at", "message", "message_type", "recipient"], Names(answer.Data[0]));
        Assert.Equal(0, answer.Data[0].GetProperty("message_type").GetInt32());
        Assert.Equal(2, answer.Envelope.GetProperty("current_page").GetInt32());
        Assert.Equal(
            answer.Data.GetRawText(),
            (await api.Client.GetAsync($"/api/thread/{bob.Username.ToUpperInvariant()}", alice.Token, Cancellation)).Data.GetRawText());
    }

    [Fact]
    public async Task NotesToOneselfAreAConversation()
    {
        var bob = await RegisterAsync();
        await SendAsync(bob, bob, "remember");
        var row = (await api.Client.GetAsync("/api/inbox", bob.Token, Cancellation)).Item;
        Assert.Equal((bob.Username, bob.Username), (Text(row, "author_username"), Text(row, "with_username")));
        var note = (await api.Client.GetAsync($"/api/thread/{bob.Username}", bob.Token, Cancellation)).Item;
        Assert.Equal((bob.Username, "remember", bob.Username), (Text(note, "author"), Text(note, "message"), Text(note, "recipient")));
    }

    [Fact]
    public async Task PagesOfAThreadFollowOneAnotherWithoutRepeatingARow()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(alice, bob, [.. Enumerable.Range(1, 25).Select(n => $"m{n}")]);

        var seen = new List<string>();
        foreach (var (page, rows) in ((int, int)[])[(1, 10), (2, 10), (3, 5), (4, 0)])
        {
            var answer = await api.Client.GetAsync($"/api/thread/{alice.Username}?page={page}", bob.Token, Cancellation);
            Assert.Equal((page, 10, rows), (Number(answer, "page"), Number(answer, "per_page"), Number(answer, "current_page")));
            seen.AddRange(answer.Data.EnumerateArray().Select(row => Text(row, "message")));
        }

        Assert.Equal(Enumerable.Range(1, 25).Reverse().Select(n => $"m{n}"), seen);
    }

    [Fact]
    public async Task PagesOfAnInboxFollowOneAnotherWithoutRepeatingARow()
    {
        var bob = await RegisterAsync();
        var others = new List<string>();
        for (var n = 0; n < 12; n++)
        {
            var other = await RegisterAsync();
            await SendAsync(other, bob, "hello");
            others.Insert(0, other.Username);
        }

        var first = await api.Client.GetAsync("/api/inbox", bob.Token, Cancellation);
        var second = await api.Client.GetAsync("/api/inbox?page=2", bob.Token, Cancellation);
        Assert.Equal((10, 2), (Number(first, "current_page"), Number(second, "current_page")));
        Assert.Equal(others, first.Data.EnumerateArray().Concat(second.Data.EnumerateArray()).Select(row => Text(row, "with_username")));
    }

    [Fact]
    public async Task WhoFollowsTheLinksSeesEachMessageOfAThreadOnceThoughMoreArrive()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(alice, bob, [.. Enumerable.Range(1, 25).Select(n => $"m{n}")]);

        var seen = await FollowAsync($"/api/thread/{alice.Username}", bob, "message", () => SendAsync(alice, bob, "new", "new"));

        Assert.Equal(Enumerable.Range(1, 25).Reverse().Select(n => $"m{n}"), seen);
    }

    [Fact]
    public async Task WhoFollowsTheLinksSeesEveryConversation()
    {
        var bob = await RegisterAsync();
        var others = new List<string>();
        for (var n = 0; n < 25; n++)
        {
            var other = await RegisterAsync();
            await SendAsync(other, bob, "hello");
            others.Insert(0, other.Username);
        }

        Assert.Equal(others, await FollowAsync("/api/inbox", bob, "with_username", () => Task.CompletedTask));
    }

    [Theory]
    [InlineData("/api/inbox?before=")]
    [InlineData("/api/inbox?before=1")]
    [InlineData("/api/thread/{0}?before=0")]
    [InlineData("/api/thread/{0}?before=-1")]
    [InlineData("/api/thread/{0}?before=x&page=1")]
    public async Task APlaceThatIsNoneIsAFormError(string path)
    {
        var bob = await RegisterAsync();
        var answer = await api.Client.GetAsync(path.Replace("{0}", bob.Username, StringComparison.Ordinal), bob.Token, Cancellation);
        Assert.Equal((400, "Form error", "is no place of this list"), (answer.Status, answer.Message, answer.ErrorOf("before")));
    }

    private static async Task<List<string>> SeenAsync(IAsyncEnumerable<string> rows)
    {
        List<string> seen = [];
        await foreach (var row in rows)
            seen.Add(row);
        return seen;
    }

    private Task<List<string>> FollowAsync(string path, ChatUser user, string field, Func<Task> meanwhile) =>
        SeenAsync(RowsAsync(path, user, field, meanwhile));

    private async IAsyncEnumerable<string> RowsAsync(string? path, ChatUser user, string field, Func<Task> meanwhile)
    {
        while (path is not null)
        {
            var answer = await api.Client.GetAsync(path, user.Token, Cancellation);
            Assert.Equal(200, answer.Status);
            foreach (var row in answer.Data.EnumerateArray())
                yield return Text(row, field);
            path = answer.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
            await meanwhile();
        }
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("?page=", 1)]
    [InlineData("?page=0", 1)]
    [InlineData("?page=-1", 1)]
    [InlineData("?page=abc", 1)]
    [InlineData("?page=1.5", 1)]
    [InlineData("?page=%00", 1)]
    [InlineData("?page=1&page=2", 1)]
    [InlineData("?page=%D9%A2", 1)]
    [InlineData("?page=0002", 2)]
    [InlineData("?page=2147483648", 2147483648)]
    [InlineData("?page=9223372036854775807", long.MaxValue)]
    [InlineData("?page=9223372036854775808", long.MaxValue)]
    [InlineData("?page=99999999999999999999999999999999999999", long.MaxValue)]
    public async Task AnyPageIsAnswered(string query, long page)
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        await SendAsync(alice, bob, "hello");
        foreach (var path in (string[])["/api/inbox", $"/api/thread/{alice.Username}"])
        {
            var answer = await api.Client.GetAsync(path + query, bob.Token, Cancellation);
            Assert.Equal((200, page, page == 1 ? 1 : 0),
                (answer.Status, answer.Envelope.GetProperty("page").GetInt64(), Number(answer, "current_page")));
        }
    }

    [Fact]
    public async Task ThreadWithSomebodyOneNeverWroteToIsAnEmptyList()
    {
        var (bob, alice) = (await RegisterAsync(), await RegisterAsync());
        var answer = await api.Client.GetAsync($"/api/thread/{alice.Username}", bob.Token, Cancellation);
        Assert.Equal((200, "[]", 0), (answer.Status, answer.Data.GetRawText(), Number(answer, "current_page")));
        Assert.Equal("[]", (await api.Client.GetAsync("/api/inbox", bob.Token, Cancellation)).Data.GetRawText());
    }

    [Theory]
    [InlineData("nobody_of_this_name")]
    [InlineData("%27%3B--")]
    [InlineData("a%0Ab")]
    [InlineData("b%C3%B6b")]
    [InlineData("%FF%FE")]
    [InlineData("*")]
    [InlineData("{}")]
    public async Task ThreadWithNobodyIsAUserError(string username)
    {
        var bob = await RegisterAsync();
        var answer = await api.Client.GetAsync($"/api/thread/{username}", bob.Token, Cancellation);
        Assert.Equal((400, "User error", "unknown username"), (answer.Status, answer.Message, answer.ErrorOf("error")));
    }

    [Fact]
    public async Task OthersConversationsAreNeverShown()
    {
        var (bob, alice, eve) = (await RegisterAsync(), await RegisterAsync(), await RegisterAsync());
        await SendAsync(bob, alice, "between us");
        foreach (var path in (string[])["/api/inbox", $"/api/thread/{alice.Username}", $"/api/thread/{bob.Username}"])
            Assert.Equal("[]", (await api.Client.GetAsync(path, eve.Token, Cancellation)).Data.GetRawText());
    }

    private Task<ChatUser> RegisterAsync() => api.Client.RegisterAsync(Cancellation);

    private Task SendAsync(ChatUser author, ChatUser recipient, params string[] bodies) =>
        Messages.SendAsync(api.Database, author.Username, recipient.Username, bodies, Cancellation);

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static int Number(ChatAnswer answer, string name) => answer.Envelope.GetProperty(name).GetInt32();

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);
}
