using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>HEAD is GET without the body: RFC 9110, 9.1 and 9.3.2.</summary>
public sealed class HeadTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    // Headers that differ between any two responses, and headers the server may choose when there is no body.
    private static readonly string[] s_own = ["Date:", "Transfer-Encoding:", "Content-Length: 0"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/inbox", 200)]
    [InlineData("/api/inbox?page=x", 200)]
    [InlineData("/api/thread/nobody_has_this_name", null)]
    [InlineData("/api/v2/conversations", 200)]
    [InlineData("/api/v2/conversations?limit=x", 400)]
    [InlineData("/api/v2/conversations/1/messages", 404)]
    [InlineData("/api/v2/sync", 200)]
    [InlineData("/api/ws", 426)]
    [InlineData("/api/nothing", 404)]
    [InlineData("/api/register", 405)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/openapi/v2.json", 200)]
    [InlineData("/openapi/v3.json", 404)]
    [InlineData("/asyncapi.yaml", 200)]
    [InlineData("/health", 200)]
    [InlineData("/alive", 200)]
    public async Task HeadAnswersWhatGetAnswersWithoutTheBody(string path, int? status)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        foreach (var headers in (string[][])[[$"Authorization: Bearer {user.Token.ToJwt()}"], []])
        {
            var get = await RawHttp.SendAsync(api.Address, $"GET {path}", headers, Cancellation);
            var head = await RawHttp.SendAsync(api.Address, $"HEAD {path}", headers, Cancellation);

            if (headers.Length > 0 && status is not null)
                Assert.Equal(status, get.Status);
            Assert.Equal(HeadersOf(get), HeadersOf(head));
            Assert.Equal("", head.Body);
            Assert.Equal(path != "/openapi/v3.json", get.Body.Length > 0);
        }
    }

    [Fact]
    public async Task TheConnectionGoesOnAfterAHead()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var authorization = $"Authorization: Bearer {user.Token.ToJwt()}\r\n";
        var answer = await RawHttp.SendAsync(
            api.Address,
            System.Text.Encoding.ASCII.GetBytes(
                $"HEAD /api/inbox HTTP/1.1\r\nHost: x\r\n{authorization}\r\nHEAD /asyncapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n"
                + $"GET /api/inbox HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}\r\n"), Cancellation);
        Assert.Equal(3, (answer.Head + "\r\n\r\n" + answer.Body).Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Single(answer.Body.Split("\"status\":\"success\"").Skip(1));
    }

    [Theory]
    [InlineData("PUT /api/inbox", "GET, HEAD")]
    [InlineData("POST /openapi/v1.json", "GET, HEAD")]
    [InlineData("PATCH /api/ws", "CONNECT, GET, HEAD")]
    [InlineData("HEAD /api/register", "POST")]
    public async Task TheMethodsOfAPathNameHeadWhereThereIsGet(string requestLine, string allowed)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Equal(405, answer.Status);
        Assert.True(answer.Has($"Allow: {allowed}\r\n"), answer.Head);
    }

    private static string[] HeadersOf(RawAnswer answer) =>
    [
        .. answer.Head.Split("\r\n").Where(line => !s_own.Any(name => line.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            .Order(StringComparer.Ordinal),
    ];
}
