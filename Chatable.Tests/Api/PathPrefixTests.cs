using System.Net.WebSockets;
using System.Text.Json;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>A server behind a proxy that publishes it under a path.</summary>
public sealed class PathPrefixTests(PathPrefixTests.Servers servers) : IClassFixture<PathPrefixTests.Servers>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
    {
        private WorkerProcess? _worker;

        /// <summary>Its path base is configured.</summary>
        internal ApiProcess Configured { get; private set; } = null!;

        /// <summary>Trusts proxies on this machine.</summary>
        internal ApiProcess Believing { get; private set; } = null!;

        /// <summary>Trusts only proxies on other machines.</summary>
        internal ApiProcess Wary { get; private set; } = null!;

        internal ChatUser Bob { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
            _worker = WorkerProcess.Start("prefix", database, redis.ConnectionString, "prefix:");
            Configured = await StartAsync(("Http__PathBase", "/chat/v"), ("ASPNETCORE_ENVIRONMENT", "Development"));
            Believing = await StartAsync(("Http__KnownProxies__0", "10.1.2.3"), ("Http__KnownProxies__1", "127.0.0.0/8"));
            Wary = await StartAsync(("Http__KnownProxies__0", "10.1.2.3"), ("Http__KnownProxies__1", "192.168.0.0/16"));
            using var client = new ChatClient(Wary.Address);
            Bob = await client.RegisterAsync(Cancellation);
            for (var i = 0; i < 3; i++)
                await PostAsync(Wary, "", $"message-{i}");

            Task<ApiProcess> StartAsync(params (string, string)[] settings) => ApiProcess.StartAsync(
                database, redis.ConnectionString, Cancellation, [("Chatable__KeyPrefix", "prefix:"), .. settings]);
        }

        internal async Task<RawAnswer> PostAsync(ApiProcess api, string prefix, string key, string header = "X-Nothing: x") =>
            await RawHttp.SendAsync(
                api.Address, $"POST {prefix}/api/v2/messages",
                [$"Authorization: Bearer {Bob.Token.ToJwt()}", $"Idempotency-Key: {key}", "Content-Type: application/json", header],
                JsonSerializer.SerializeToUtf8Bytes(new { recipient = Bob.Username, message = "hello" }), Cancellation);

        public async ValueTask DisposeAsync()
        {
            foreach (var api in (ApiProcess[])[Configured, Believing, Wary])
                api.Dispose();
            await _worker!.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/chat/v")]
    [InlineData("/Chat/V")]
    public async Task LinksCarryTheConfiguredPathWhetherTheProxyTakesItOffOrNot(string prefix)
    {
        await AssertLinksAsync(servers.Configured, prefix, "/chat/v", "X-Nothing: x");
    }

    [Theory]
    [InlineData("X-Forwarded-Prefix: /behind", "/behind")]
    [InlineData("X-Forwarded-Prefix: /a%20b/c", "/a%20b/c")]
    [InlineData("X-Forwarded-Prefix: /farther, /nearer", "/nearer")]
    [InlineData("X-Forwarded-Prefix: /behind/", "/behind")]
    [InlineData("X-Forwarded-Prefix: //other.example/", "/other.example")]
    [InlineData("X-Forwarded-Prefix: /", "")]
    [InlineData("X-Forwarded-Prefix: behind", "")]
    [InlineData("X-Nothing: x", "")]
    public async Task LinksCarryThePathThatAKnownProxyTells(string header, string expected)
    {
        await AssertLinksAsync(servers.Believing, "", expected, header);
    }

    [Theory]
    [InlineData("X-Forwarded-Prefix: /evil")]
    [InlineData("X-Forwarded-Prefix: /evil\r\nX-Forwarded-For: 10.1.2.3")]
    [InlineData("X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Prefix: /evil")]
    public async Task WhatAnUnknownSenderTellsIsNotBelieved(string header)
    {
        await AssertLinksAsync(servers.Wary, "", "", header);
        var answer = await RawHttp.SendAsync(servers.Wary.Address, "GET /openapi/v1.json", [header], Cancellation);
        Assert.Equal(servers.Wary.Address.ToString(), DocumentTests.ServerOf("/openapi/v1.json", answer.Body));
    }

    [Theory]
    [InlineData("/openapi/v1.json", "https://chat.example/behind")]
    [InlineData("/openapi/v2.json", "https://chat.example/behind")]
    [InlineData("/asyncapi.yaml", "wss chat.example /behind")]
    public async Task DocumentsNameTheAddressThatAKnownProxyTells(string path, string expected)
    {
        var answer = await RawHttp.SendAsync(
            servers.Believing.Address, $"GET {path}",
            ["X-Forwarded-Prefix: /behind", "X-Forwarded-Host: chat.example", "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.1"],
            Cancellation);
        Assert.Equal(expected, DocumentTests.ServerOf(path, answer.Body));
    }

    [Fact]
    public async Task DocumentsAndTheirPageAndProbesAreThereUnderThePathAndWithoutIt()
    {
        foreach (var path in (string[])["/openapi/v1.json", "/openapi/v2.json", "/asyncapi.yaml", "/health", "/alive", "/scalar/"])
        {
            foreach (var prefix in (string[])["", "/chat/v"])
                Assert.Equal(200, (await RawHttp.SendAsync(servers.Configured.Address, $"GET {prefix}{path}", [], Cancellation)).Status);
        }

        // No link on the page is relative to the root.
        var page = await RawHttp.SendAsync(servers.Configured.Address, "GET /chat/v/scalar/", [], Cancellation);
        Assert.DoesNotContain("src=\"/", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/openapi", page.Body, StringComparison.Ordinal);
        var redirect = await RawHttp.SendAsync(servers.Configured.Address, "GET /chat/v/scalar", [], Cancellation);
        if (redirect.Status is >= 300 and < 400)
            Assert.True(redirect.Has("Location: /chat/v/scalar/") || redirect.Has("Location: scalar/"), redirect.Head);
    }

    [Fact]
    public async Task FailuresKeepTheirFormAndAnswersTheirHeadersUnderThePath()
    {
        var v1 = await RawHttp.SendAsync(servers.Configured.Address, "GET /chat/v/api/nothing", [], Cancellation);
        Assert.Contains(ApiFixture.Failure(404, "not found", "Not found"), v1.Body, StringComparison.Ordinal);
        var v2 = await RawHttp.SendAsync(servers.Configured.Address, "GET /chat/v/api/v2/nothing", [], Cancellation);
        Assert.Contains("urn:chatable:problem:not_found", v2.Body, StringComparison.Ordinal);
        Assert.All((RawAnswer[])[v1, v2], answer => Assert.True(answer.Has("Cache-Control: no-store"), answer.Head));
        Assert.Equal(404, (await RawHttp.SendAsync(servers.Configured.Address, "GET /chat/api/inbox", [], Cancellation)).Status);
    }

    [Theory]
    [InlineData("/chat/v/api/ws")]
    [InlineData("/chat/v/api/ws/")]
    [InlineData("/api/ws")]
    public async Task TheSocketIsThereUnderThePath(string path)
    {
        using var socket = new ClientWebSocket();
        var address = new UriBuilder(servers.Configured.Address)
        {
            Scheme = "ws",
            Path = path,
            Query = $"access_token={servers.Bob.Token.ToJwt()}",
        };
        await socket.ConnectAsync(address.Uri, Cancellation);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Theory]
    [InlineData("Http__PathBase", "chat", "Http:PathBase must begin with a slash")]
    [InlineData("Http__PathBase", "/chat/", "Http:PathBase must begin with a slash")]
    [InlineData("Http__KnownProxies__0", "proxy.example", "Http:KnownProxies must be addresses or networks")]
    [InlineData("Http__DiscardTimeout", "00:00:00", "Http:DiscardTimeout must be between 00:00:00.0010000 and 1.00:00:00.")]
    public async Task AWrongSettingStopsTheStart(string key, string value, string sentence)
    {
        var start = ApiProcess.StartInfo(
            ("ConnectionStrings__chatdb", "Host=127.0.0.1"), ("ConnectionStrings__redis", "127.0.0.1:1"),
            ("TokenSecrets__Key", "a key of the tests' own, long enough"), (key, value));
        var run = await ProcessRun.OfAsync(start, Cancellation);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(sentence, run.Text, StringComparison.Ordinal);
    }

    private async Task AssertLinksAsync(ApiProcess api, string prefix, string expected, string header)
    {
        var sent = await servers.PostAsync(api, prefix, $"{Guid.NewGuid():N}", header);
        Assert.Equal((201, sent.Body), (sent.Status, sent.Body));
        Assert.True(sent.Has($"Location: {expected}/api/v2/conversations/"), sent.Head);

        var conversation = JsonDocument.Parse(await GetAsync(api, $"{prefix}/api/v2/conversations", header)).RootElement
            .GetProperty("conversations").EnumerateArray().Single().GetProperty("id").GetInt64();
        foreach (var query in (string[])["limit=1", "around=2&limit=1"])
        {
            using var page = JsonDocument.Parse(
                await GetAsync(api, $"{prefix}/api/v2/conversations/{conversation}/messages?{query}", header));
            foreach (var name in (string[])["next", "prev"])
            {
                if (page.RootElement.GetProperty(name).GetString() is { } link)
                    Assert.StartsWith($"{expected}/api/v2/conversations/{conversation}/messages?", link, StringComparison.Ordinal);
            }

            Assert.NotNull(page.RootElement.GetProperty("prev").GetString());
        }
    }

    private async Task<string> GetAsync(ApiProcess api, string path, string header)
    {
        var answer = await RawHttp.SendAsync(
            api.Address, $"GET {path}", [$"Authorization: Bearer {servers.Bob.Token.ToJwt()}", header], Cancellation);
        Assert.Equal(200, answer.Status);
        var (start, end) = (answer.Body.IndexOf('{', StringComparison.Ordinal), answer.Body.LastIndexOf('}') + 1);
        return answer.Body[start..end];
    }
}
