using Chatable.Client;
using Chatable.Client.Connections;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>Servers behind a gateway with its own path prefix.</summary>
public sealed class PathPrefixTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/chat")]
    [InlineData("/chat/")]
    [InlineData("/api/v2")]
    public async Task EverythingWorksBehindAPath(string path)
    {
        await using var gateway = new Gateway(servers.A, path.TrimEnd('/'));
        var address = new Uri(gateway.Address, path);
        using var client = new ChatableClient(new ChatableClientOptions { Url = address });
        var registration = ClientServers.NewRegistration();
        var token = await client.Accounts.RegisterAsync(registration, _ct);
        await using var alice = await Member.StartAsync(
            registration.Username, token, new InMemoryChatStore(), [address], _ct);

        var sent = await alice.SendAsync(alice, "hello", _ct);
        var history = client.History(new ChatCredentials(token));
        await foreach (var conversation in history.ConversationsAsync(_ct))
            Assert.Equal(sent.Conversation, conversation.Id);
        await client.Accounts.LogoutAsync(token, _ct);

        Assert.All(gateway.Requests, request => Assert.Contains(" /api/", request, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://host", "/api/v2/x?a=1", "/api/v2/x?a=1")]
    [InlineData("https://host/chat", "/api/v2/x?a=1", "/api/v2/x?a=1")]
    [InlineData("https://host/chat/", "/chat/api/v2/x?a=1", "/api/v2/x?a=1")]
    [InlineData("https://host/chat", "?a=1", "/api/v2/conversations?a=1")]
    [InlineData("https://host/chat", "x?a=1", "/api/v2/x?a=1")]
    [InlineData("https://host/chat", "http://inside:8080/api/v2/x?a=1", "/api/v2/x?a=1")]
    [InlineData("https://host/chat", "//elsewhere/chat/api/v2/x", "/api/v2/x")]
    [InlineData("https://host/api", "/api/v2/x", "/api/v2/x")]
    [InlineData("https://host/api", "/api/api/v2/x", "/api/v2/x")]
    public void ALinkIsAPathOfTheApiHoweverItIsWritten(string server, string link, string expected)
    {
        var requested = ServerAddresses.At(new Uri(server), "/api/v2/conversations?limit=50");
        Assert.Equal(expected, ServerAddresses.PathUnder(new Uri(server), new Uri(requested, link)));
    }

    [Theory]
    [InlineData("/api/v2/conversations?before=a&limit=50")]
    [InlineData("/chat/api/v2/conversations?before=a&limit=50")]
    [InlineData("?before=a&limit=50")]
    [InlineData("conversations?before=a&limit=50")]
    [InlineData("http://inside:8080/api/v2/conversations?before=a&limit=50")]
    public async Task TheNextPageIsAskedForAtTheGateway(string next)
    {
        var pages = 0;
        await using var gateway = new Gateway(upstream: null, "/chat")
        {
            Rule = _ => Task.FromResult<string?>(Gateway.Answer("200 OK", Page(++pages == 1 ? next : null, pages))),
        };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });
        var credentials = new ChatCredentials(new ChatToken("a", "s", "r", DateTimeOffset.UtcNow.AddDays(30)));
        var conversations = new List<long>();
        await foreach (var conversation in client.History(credentials).ConversationsAsync(_ct))
            conversations.Add(conversation.Id);

        Assert.Equal([1, 2, 3], conversations);
        Assert.Equal(["GET /api/v2/conversations?limit=50", "GET /api/v2/conversations?before=a&limit=50"], gateway.Requests);
    }

    // The second page repeats a conversation from the first.
    private static string Page(string? next, int number) => $$"""
        {"conversations":[{{Conversation(number)}},{{Conversation(number + 1)}}],
         "next":{{(next is null ? "null" : $"\"{next}\"")}},"prev":null}
        """;

    private static string Conversation(int id) =>
        $$"""{"id":{{id}},"kind":"direct","with":"bob","last_seq":1,"last_activity_at":"2015-09-03T03:13:12.81765Z"}""";
}
