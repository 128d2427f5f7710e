using System.Text;
using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

/// <summary>Requests that no well-behaved client sends to v2, and the problem each of them returns.</summary>
public sealed class HostileTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Good = """{"recipient":"alice","message":"hello"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, Good, "Idempotency-Key")]
    [InlineData("", Good, "Idempotency-Key")]
    [InlineData("a b", Good, "Idempotency-Key")]
    [InlineData("a/b", Good, "Idempotency-Key")]
    [InlineData("k,k", Good, "Idempotency-Key")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123x", Good, "Idempotency-Key")]
    [InlineData("k", "", "body")]
    [InlineData("k", "null", "body")]
    [InlineData("k", "[]", "body")]
    [InlineData("k", "{", "body")]
    [InlineData("k", Good + "x", "body")]
    [InlineData("k", """{"recipient":"alice","message":"hello",}""", "body")]
    [InlineData("k", """{"x":[[[[[[[[[[1]]]]]]]]]]}""", "body")]
    [InlineData("k", "{}", "message,recipient")]
    [InlineData("k", """{"recipient":null,"message":""}""", "message,recipient")]
    [InlineData("k", """{"recipient":5,"message":["a"]}""", "message,recipient")]
    [InlineData("k", """{"author":["bob"],"recipient":"alice","message":"a"}""", "author")]
    [InlineData("k", """{"recipient":"alice","message":"a\u0000b"}""", "message")]
    [InlineData("k", """{"recipient":"alice","message":"\ud800"}""", "message")]
    [InlineData("k", """{"recipient":"alice","message":"a","message":"b"}""", "message")]
    [InlineData("k", """{"recipient":"alice","message":"a","message_type":2}""", "message_type")]
    [InlineData("k", """{"recipient":"alice","message":"a","message_type":-1}""", "message_type")]
    [InlineData("k", """{"recipient":"alice","message":"a","message_type":"1"}""", "message_type")]
    [InlineData("k", """{"recipient":"alice","message":"a","message_type":0.5}""", "message_type")]
    [InlineData("k", """{"recipient":"alice","message":"a","message_type":1e400}""", "message_type")]
    [InlineData(" ", "{}", "Idempotency-Key,message,recipient")]
    public async Task ABadMessageIsToldByField(string? key, string body, string fields)
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        var answer = await api.Client.PostMessageAsync(bob, key, body, Cancellation);
        answer.AssertProblem(400, "invalid", fields.Split(','));
        await AssertStillServesAsync();
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\\u200b\\ufeff\\n")]
    public async Task AMessageThatShowsNothingIsEmpty(string message)
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        var answer = await api.Client.PostMessageAsync(bob, "k", $$"""{"recipient":"alice","message":"{{message}}"}""", Cancellation);
        answer.AssertProblem(400, "empty", "message");
    }

    [Theory]
    [InlineData("""{"recipient":"alice","message":"hello","x":"?"}""")]
    [InlineData("""{"recipient":"alice","message":"hello","?":1}""")]
    [InlineData("""{"recipient":"alice","message":"hello","x":[{"y":"?"}]}""")]
    [InlineData("""{"recipient":"alice","message":"?"}""")]
    [InlineData("""{"recipient":"?","message":"hello"}""")]
    public async Task ABodyThatIsNotUtf8IsRefusedWhereverThatIs(string body)
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        foreach (var bad in (byte[][])[[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98]])
        {
            byte[] bytes = [.. Encoding.UTF8.GetBytes(body).SelectMany(one => one == '?' ? bad : [one])];
            var answer = await api.Client.PostMessageAsync(bob, "k", bytes, Cancellation);
            answer.AssertProblem(400, "invalid", "body");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonp")]
    [InlineData("json")]
    public async Task ABodyThatIsNoJsonIsUnsupported(string? mediaType)
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        (await api.Client.PostMessageAsync(bob, "k", Good, Cancellation, mediaType!)).AssertProblem(415, "unsupported");
    }

    [Fact]
    public async Task ATooLargeMessageOrBodyIsNotRead()
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        var message = await api.Client.PostMessageAsync(
            bob, "k", $$"""{"recipient":"alice","message":"{{new string('a', 8193)}}"}""", Cancellation);
        message.AssertProblem(413, "too_large", "message");
        var body = await api.Client.PostMessageAsync(
            bob, "k", $$"""{"recipient":"alice","message":"{{new string('a', 70_000)}}"}""", Cancellation);
        body.AssertProblem(413, "too_large");
    }

    [Theory]
    [InlineData("/sync?since=-1", "since")]
    [InlineData("/sync?since=", "since")]
    [InlineData("/sync?since=1.5", "since")]
    [InlineData("/sync?since=%2B1", "since")]
    [InlineData("/sync?since=1&since=2", "since")]
    [InlineData("/sync?since=9223372036854775808", "since")]
    [InlineData("/sync?since=%D9%A1", "since")]
    [InlineData("/sync?limit=0", "limit")]
    [InlineData("/sync?limit=501", "limit")]
    [InlineData("/sync?limit=a&wait=b", "limit,wait")]
    [InlineData("/sync?wait=26", "wait")]
    [InlineData("/sync?wait=-1", "wait")]
    [InlineData("/sync?wait=0.5", "wait")]
    [InlineData("/conversations?limit=0", "limit")]
    [InlineData("/conversations?limit=201", "limit")]
    [InlineData("/conversations?limit=0x10", "limit")]
    [InlineData("/conversations?before=", "before")]
    [InlineData("/conversations?before=1", "before")]
    [InlineData("/conversations?before=%00", "before")]
    [InlineData("/conversations?before=AAAAAAAAAAAAAAAAAAAAAAA", "before")]
    [InlineData("/conversations?before=AQAAAAAAAAAAAAAAAAAAAAA", "before")]
    [InlineData("/conversations?before=Af__________AAAAAAAAAAE", "before")]
    [InlineData("/conversations?before=AX__________AAAAAAAAAAE", "before")]
    [InlineData("/conversations?before=AQAAAAAAAAAAAAAAAAAAAAF", "before")]
    [InlineData("/conversations?after=%27;DROP%20TABLE%20users--", "after")]
    [InlineData("/conversations?before=AQAAAAAAAAAAAAAAAAAAAAE&after=AQAAAAAAAAAAAAAAAAAAAAE", "after")]
    [InlineData("/conversations/1/messages?before=0", "before")]
    [InlineData("/conversations/1/messages?after=-1", "after")]
    [InlineData("/conversations/1/messages?around=x", "around")]
    [InlineData("/conversations/1/messages?at=x", "at")]
    [InlineData("/conversations/1/messages?at=", "at")]
    [InlineData("/conversations/1/messages?at=2015-02-30", "at")]
    [InlineData("/conversations/1/messages?at=2015-09-03T03:13:12", "at")]
    [InlineData("/conversations/1/messages?at=2015-09-03T25:13:12Z", "at")]
    [InlineData("/conversations/1/messages?at=10000-01-01", "at")]
    [InlineData("/conversations/1/messages?at=2015-09-03&around=1", "before")]
    [InlineData("/conversations/1/messages?before=5&after=1", "before")]
    [InlineData("/conversations/1/messages?limit=1000", "limit")]
    public async Task ABadQueryIsToldByParameter(string path, string fields)
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        var answer = await api.Client.GetAsync($"/api/v2{path}", bob.Token, Cancellation);
        answer.AssertProblem(400, "invalid", fields.Split(','));
        await AssertStillServesAsync();
    }

    [Theory]
    [InlineData("GET /api/v2/sync", 401, "unauthenticated")]
    [InlineData("GET /api/v2/conversations", 401, "unauthenticated")]
    [InlineData("GET /api/v2/conversations/1/messages", 401, "unauthenticated")]
    [InlineData("POST /api/v2/messages", 401, "unauthenticated")]
    [InlineData("GET /api/v2", 404, "not_found")]
    [InlineData("GET /api/v2/nothing", 404, "not_found")]
    [InlineData("GET /API/V2/inbox", 404, "not_found")]
    [InlineData("POST /api/v2/conversations/1", 404, "not_found")]
    [InlineData("GET /api/v2/messages", 405, "method_not_allowed")]
    [InlineData("DELETE /api/v2/sync", 405, "method_not_allowed")]
    [InlineData("PUT /api/v2/conversations", 405, "method_not_allowed")]
    public async Task WhatNoEndpointAnswersIsAProblemToo(string requestLine, int status, string code)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Equal(status, answer.Status);
        Assert.True(answer.Has("Content-Type: application/problem+json"), answer.Head);
        Assert.True(answer.Has("Cache-Control: no-store"), answer.Head);
        Assert.Equal(status == 401, answer.Has("WWW-Authenticate: Bearer"));
        Assert.Equal(status == 405, answer.Has("Allow: "));
        Assert.Contains($"\"code\":\"{code}\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains($"\"type\":\"urn:chatable:problem:{code}\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongTokenIsAProblemAndThePathsOfV1KeepTheirEnvelope()
    {
        var wrong = await api.Client.SendAsync(HttpMethod.Get, "/api/v2/sync", "no.token.atall", Cancellation);
        wrong.AssertProblem(401, "unauthenticated");
        Assert.Equal(
            ApiFixture.Failure(401, "Unauthenticated", "Authentication error"),
            (await api.Client.SendAsync(HttpMethod.Get, "/api/inbox", "no.token.atall", Cancellation)).Envelope.GetRawText());
        Assert.Contains(
            ApiFixture.Failure(404, "not found", "Not found"),
            (await RawHttp.SendAsync(api.Address, "GET /api/v2x", [], Cancellation)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoKeysAreNoneAndACompressedBodyIsUnsupported()
    {
        var bob = await api.Client.RegisterAsync(Cancellation);
        string[] headers = [$"Authorization: Bearer {bob.Token.ToJwt()}", "Content-Type: application/json", "Idempotency-Key: a"];
        var twice = await RawHttp.SendAsync(
            api.Address, "POST /api/v2/messages", [.. headers, "Idempotency-Key: b"], Encoding.UTF8.GetBytes(Good), Cancellation);
        Assert.Equal(400, twice.Status);
        Assert.Contains("\"Idempotency-Key\":\"is given twice\"", twice.Body, StringComparison.Ordinal);
        var compressed = await RawHttp.SendAsync(
            api.Address, "POST /api/v2/messages", [.. headers, "Content-Encoding: gzip"], Encoding.UTF8.GetBytes(Good), Cancellation);
        Assert.Equal(415, compressed.Status);
        byte[] oddBytes = [.. "{\"recipient\":\"alice\",\"message\":\""u8, 0xFF, .. "\"}"u8];
        var notUtf8 = await RawHttp.SendAsync(api.Address, "POST /api/v2/messages", headers, oddBytes, Cancellation);
        Assert.Equal(400, notUtf8.Status);
    }

    private async Task AssertStillServesAsync()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answer = await api.Client.SyncAsync(user, "?since=0", Cancellation);
        Assert.Equal((200, JsonValueKind.Array), (answer.Status, answer.Envelope.GetProperty("messages").ValueKind));
        Assert.DoesNotContain("   at ", api.Output, StringComparison.Ordinal);
    }
}
