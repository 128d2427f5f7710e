using System.Collections.Concurrent;
using Chatable.Client;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>Something between the client and the server answers in the server's place.</summary>
public sealed class GatewayAnswerTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private const string Secret = "SECRETSECRETSECRETSECRETSECRETSECRET";

    private static readonly ChatToken s_token = new("AKID", "SECRET", "REFRESH", DateTimeOffset.UtcNow.AddDays(30));

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Answers => new()
    {
        { "200 OK", "null", "application/json" },
        { "200 OK", "", "application/json" },
        { "200 OK", "{}", "application/json" },
        { "200 OK", "[]", "application/json" },
        { "200 OK", "\"yes\"", "application/json" },
        { "200 OK", """{"data":null,"conversations":null}""", "application/json" },
        { "200 OK", """{"data":[null],"conversations":[null]}""", "application/json" },
        { "200 OK", """{"data":[{"access_key_id":null}],"conversations":[{"id":"x"}]}""", "application/json" },
        { "200 OK", $$"""{"data":[{"secret_access_key":"{{Secret}}","refresh_token":"{{Secret}}""", "application/json" },
        { "200 OK", "<html>Please log in</html>", "text/html" },
        { "200 OK", "\ud83d\ude00", "text/plain; charset=klingon" },
        { "204 No Content", "", "application/json" },
        { "401 Unauthorized", "<html>Please log in</html>", "text/html" },
        { "401 Unauthorized", "", "application/json" },
        { "401 Unauthorized", "null", "application/json" },
        { "401 Unauthorized", """{"error":null}""", "application/json" },
        { "401 Unauthorized", """{"error":"invalid_token"}""", "application/json" },
        { "401 Unauthorized", """{"error":{"code":"401"}}""", "application/json; charset=klingon" },
        { "403 Forbidden", """{"code":"forbidden"}""", "application/json" },
        { "407 Proxy Authentication Required", $"Bearer {Secret}.{Secret}", "text/plain" },
        { "502 Bad Gateway", "", "" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task WhatIsNoAnswerOfAServerIsToldAsThatByEveryCall(string status, string body, string type)
    {
        await using var gateway = new Gateway(upstream: null) { Rule = _ => Task.FromResult<string?>(Gateway.Answer(status, body, type)) };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });
        var history = client.History(new ChatCredentials(s_token));
        Func<Task>[] calls =
        [
            () => client.Accounts.RegisterAsync(ClientServers.NewRegistration(), _ct),
            () => client.Accounts.LoginAsync("alice", "correct-horse", _ct),
            () => client.Accounts.RefreshAsync(s_token, _ct),
            () => client.Accounts.LogoutAsync(s_token with { AccessKeyId = "none" }, _ct),
            async () => await history.ConversationsAsync(_ct).GetAsyncEnumerator(_ct).MoveNextAsync(),
            async () => await history.MessagesAsync(1, 0, _ct).GetAsyncEnumerator(_ct).MoveNextAsync(),
        ];
        foreach (var call in calls)
        {
            // A logout returns a list without tokens.
            if (call == calls[3] && status.StartsWith("200", StringComparison.Ordinal) && body.Contains("[null]", StringComparison.Ordinal))
                continue;

            var thrown = await Assert.ThrowsAsync<ChatApiException>(call);
            Assert.False(thrown.IsFromServer);
            Assert.Equal(status[..3], $"{thrown.Status}");
            Assert.DoesNotContain("SECRET", thrown.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnAnswerThatIsNoneSaysHowItBegins()
    {
        await using var gateway = new Gateway(upstream: null)
        {
            Rule = _ => Task.FromResult<string?>(Gateway.Answer("503 Service Unavailable", "<h1>Be back\nsoon</h1>", "text/html")),
        };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });

        var thrown = await Assert.ThrowsAsync<ChatApiException>(() => client.Accounts.RefreshAsync(s_token, _ct));

        Assert.Equal("<h1>Be back soon</h1>", thrown.BodyStart);
        Assert.Contains(thrown.BodyStart, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json; charset=klingon")]
    [InlineData("text/html; charset=iso-8859-1")]
    [InlineData("")]
    public async Task ARightAnswerIsReadWhateverTypeAGatewayGivesIt(string type)
    {
        const string Body = """
            {"data":[{"access_key_id":"a","secret_access_key":"s","refresh_token":"r","expires_at":"2030-01-01T00:00:00Z"}]}
            """;
        await using var gateway = new Gateway(upstream: null)
        {
            Rule = _ => Task.FromResult<string?>(Gateway.Answer("200 OK", $"\ufeff{Body}", type)),
        };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });

        Assert.Equal("a", (await client.Accounts.LoginAsync("alice", "correct-horse", _ct)).AccessKeyId);
    }

    [Fact]
    public async Task ALinkThatLeadsNowhereEndsTheList()
    {
        const string Page = """{"conversations":[],"next":"/api/v2/conversations?limit=50"}""";
        await using var gateway = new Gateway(upstream: null) { Rule = _ => Task.FromResult<string?>(Gateway.Answer("200 OK", Page)) };
        using var client = new ChatableClient(new ChatableClientOptions { Url = gateway.Address });
        var conversations = client.History(new ChatCredentials(s_token)).ConversationsAsync(_ct).GetAsyncEnumerator(_ct);

        await Assert.ThrowsAsync<ChatApiException>(async () => await conversations.MoveNextAsync());
        Assert.Single(gateway.Requests);
    }

    [Fact]
    public async Task OnlyTheWordOfAServerEndsASession()
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        string[] handshakes =
        [
            Gateway.Answer("401 Unauthorized", "<html>Please log in</html>", "text/html"),
            Gateway.Answer("403 Forbidden", "no", "text/plain"),
            Gateway.Answer("401 Unauthorized", """{"error":null}"""),
        ];
        string[] refreshes =
        [
            Gateway.Answer("401 Unauthorized", "<html>Please log in</html>", "text/html"), Gateway.Answer("200 OK", "null"), "",
            Gateway.Answer("400 Bad Request", """{"error":null}"""), Gateway.Answer("403 Forbidden", ""),
        ];
        var left = new ConcurrentDictionary<string, ConcurrentQueue<string>>
        {
            ["GET /api/ws"] = new(handshakes),
            ["POST /api/auth_token/refresh"] = new(refreshes),
        };
        await using var gateway = new Gateway(servers.A)
        {
            Rule = request => Task.FromResult(
                left.TryGetValue(request, out var answers) && answers.TryDequeue(out var answer) ? answer : null),
        };
        // The token is due for an exchange.
        var credentials = new ChatCredentials(token with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) });
        var options = new ChatableClientOptions { Url = gateway.Address, Connection = { MaxReconnectDelay = TimeSpan.FromSeconds(1) } };
        await using var alice = await Member.StartAsync(name, new ChatableClient(options), credentials, new InMemoryChatStore(), _ct);
        await alice.OnlineAsync(_ct);
        // The first round of refresh attempts ends when a connection is made.
        Assert.True(left["GET /api/ws"].IsEmpty);
        Assert.Equal(ChatState.Online, alice.Connection.Status.State);
    }
}
