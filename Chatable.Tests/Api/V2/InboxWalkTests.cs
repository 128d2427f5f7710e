using System.Text.Json;
using Chatable.Tests.Delivery;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

/// <summary>Pages through an inbox while messages arrive at real servers: no conversation is missed.</summary>
public sealed class InboxWalkTests(InboxWalkTests.Servers servers) : IClassFixture<InboxWalkTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings => [("Messages__RequestsPerSecond", "10000")];
    }

    [Fact]
    public async Task AWalkMeetsAConversationThatMovesBeforeItComesThere()
    {
        var (bob, others) = await InboxAsync(8);
        var path = "/api/v2/conversations?limit=3";
        List<string> met = [];
        // The oldest conversation moves after the first page, and one more moves after each later page.
        for (var i = 0; path is not null; i++)
        {
            var page = await GetAsync(path, bob);
            met.AddRange(Withs(page));
            path = page.Text("next");
            if (i < others.Length)
                await SayAsync(others[i], bob);
        }

        Assert.Equal(others.Select(one => one.Username).Order(), met.Distinct().Order());
    }

    [Fact]
    public async Task AWalkDuringWhichNothingHappensMeetsEachConversationOnce()
    {
        var (bob, others) = await InboxAsync(4);

        Assert.Equal(others.Reverse().Select(one => one.Username), await WalkAsync(bob, limit: 2));
        Assert.Equal(others.Reverse().Select(one => one.Username), await WalkAsync(bob, limit: 4));
    }

    [Fact]
    public async Task AWalkEndsHoweverMuchComesMeanwhile()
    {
        var (bob, others) = await InboxAsync(5);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var noise = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                await SayAsync(others[i % others.Length], bob);
        }, _ct);

        for (var walk = 0; walk < 5; walk++)
        {
            var met = await WalkAsync(bob, limit: 1);
            Assert.Equal(others.Select(one => one.Username).Order(), met.Distinct().Order());
        }

        await stop.CancelAsync();
        await noise;
    }

    [Fact]
    public async Task TheEndOfAWalkComesInPagesToo()
    {
        var (bob, others) = await InboxAsync(6);
        var page = await GetAsync("/api/v2/conversations?limit=2", bob);
        var met = Withs(page).ToList();
        foreach (var other in others)
            await SayAsync(other, bob);

        var pages = 1;
        for (; page.Text("next") is { } next; pages++)
        {
            page = await GetAsync(next, bob);
            Assert.InRange(Withs(page).Count(), 0, 2);
            met.AddRange(Withs(page));
        }

        Assert.Equal(others.Select(one => one.Username).Order(), met.Distinct().Order());
        Assert.InRange(pages, 5, 6);
    }

    private async Task<List<string>> WalkAsync(ChatUser user, int limit)
    {
        List<string> met = [];
        for (var path = $"/api/v2/conversations?limit={limit}"; path is not null;)
        {
            var page = await GetAsync(path, user);
            met.AddRange(Withs(page));
            Assert.InRange(met.Count, 0, 10_000);
            path = page.Text("next");
        }

        return met;
    }

    // Starts with the oldest conversation.
    private async Task<(ChatUser Bob, ChatUser[] Others)> InboxAsync(int count)
    {
        var bob = await servers.Client.RegisterAsync(_ct);
        var others = new ChatUser[count];
        for (var i = 0; i < count; i++)
        {
            others[i] = await servers.Client.RegisterAsync(_ct);
            await SayAsync(others[i], bob);
        }

        return (bob, others);
    }

    private async Task SayAsync(ChatUser author, ChatUser recipient) =>
        Assert.Equal(201, (await servers.Client.SayAsync(author, recipient, "hello", _ct)).Status);

    private async Task<JsonElement> GetAsync(string path, ChatUser user)
    {
        var answer = await servers.Client.GetAsync(path, user.Token, _ct);
        Assert.Equal(200, answer.Status);
        return answer.Envelope;
    }

    private static IEnumerable<string> Withs(JsonElement page) =>
        page.GetProperty("conversations").EnumerateArray().Select(one => one.Text("with")!);
}
