using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class HttpTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET /api/nothing")]
    [InlineData("POST /api")]
    [InlineData("GET /api/thread")]
    [InlineData("GET /api/thread/a/b")]
    [InlineData("DELETE /api/auth_token/refresh/x")]
    public async Task UnknownPathIsAnsweredInTheEnvelope(string requestLine)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Equal(404, answer.Status);
        Assert.Contains(ApiFixture.Failure(404, "not found", "Not found"), answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /api/register", "POST")]
    [InlineData("PUT /api/inbox", "GET, HEAD")]
    [InlineData("GET /api/auth_token", "DELETE, POST")]
    [InlineData("DELETE /api/auth_token/refresh", "POST")]
    [InlineData("TRACE /api/inbox", "GET, HEAD")]
    [InlineData("POST /api/ws", "CONNECT, GET, HEAD")]
    public async Task WrongMethodIsAnsweredInTheEnvelopeWithTheRightOnes(string requestLine, string allowed)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Equal(405, answer.Status);
        Assert.True(answer.Has($"Allow: {allowed}"), answer.Head);
        Assert.Contains(ApiFixture.Failure(405, "method not allowed", "Method not allowed"), answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST /api/register")]
    [InlineData("GET /api/inbox")]
    [InlineData("GET /api/nothing")]
    [InlineData("GET /health")]
    public async Task EveryAnswerNamesTheReplicaAndNotTheServerProgram(string requestLine)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Matches(@"(?m)^X-Chatable-Server: \S+/[0-9a-f]{8}\r?$", answer.Head);
        Assert.True(answer.Has("X-Content-Type-Options: nosniff"), answer.Head);
        Assert.False(answer.Has("Server:"), answer.Head);
    }

    [Theory]
    [InlineData("GET /%00")]
    [InlineData("GET /api/thread/%")]
    [InlineData("GET /api/thread/%00")]
    [InlineData("GET /api/thread/..%2f..%2fetc")]
    [InlineData("GET //api//inbox")]
    [InlineData("GET /api/inbox?%zz=%zz&page=%zz")]
    [InlineData("GET http://elsewhere/api/inbox")]
    [InlineData("HEAD /api/nothing")]
    [InlineData("OPTIONS *")]
    [InlineData("GARBAGE /api/inbox")]
    public async Task OddRequestIsNoServerError(string requestLine)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.InRange(answer.Status, 400, 499);
        await api.AssertStillServesAsync(Cancellation);
    }

    [Fact]
    public async Task DocumentDescribesEveryEndpoint()
    {
        using var document = JsonDocument.Parse(await api.Client.Http.GetStringAsync("/openapi/v1.json", Cancellation));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name} {path.Name}"));
        Assert.Equal(
            ["delete /api/auth_token", "get /api/inbox", "get /api/thread/{username}", "get /api/ws", "post /api/auth_token",
             "post /api/auth_token/refresh", "post /api/register"],
            operations.Order(StringComparer.Ordinal));

        var register = document.RootElement.GetProperty("paths").GetProperty("/api/register").GetProperty("post");
        var bodies = register.GetProperty("requestBody").GetProperty("content").EnumerateObject().ToArray();
        Assert.Equal(
            ["application/json", "application/x-www-form-urlencoded"], bodies.Select(body => body.Name).Order(StringComparer.Ordinal));
        Assert.All(bodies, body => Assert.Equal("bob", body.Value.GetProperty("example").GetProperty("username").GetString()));
        var refused = register.GetProperty("responses").GetProperty("400").GetProperty("content").GetProperty("application/json");
        Assert.Equal(
            ApiFixture.Failure(400, "Some fileds are not unique", "User error").Replace(
                "unique\"", "unique\",\"username\":\"is taken\"", StringComparison.Ordinal),
            JsonSerializer.Serialize(refused.GetProperty("example")));
    }

    [Fact]
    public async Task EveryBodyAndEveryAnswerOfTheDocumentHasAnExample()
    {
        using var document = JsonDocument.Parse(await api.Client.Http.GetStringAsync("/openapi/v1.json", Cancellation));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => operation.Value)).ToArray();

        Assert.All(operations, operation => Assert.NotEmpty(operation.GetProperty("summary").GetString()!));
        Assert.All(
            operations.SelectMany(operation => List(operation, "parameters")),
            parameter => Assert.NotEmpty(parameter.GetProperty("description").GetString()!));
        Assert.All(
            operations.SelectMany(operation => Members(operation, "requestBody")).Where(member => member.Name == "content")
                .SelectMany(content => content.Value.EnumerateObject()),
            body => Assert.Equal(JsonValueKind.Object, body.Value.GetProperty("example").ValueKind));
        // A WebSocket upgrade response has no body.
        Assert.All(
            operations.SelectMany(operation => Members(operation, "responses")).Where(answer => answer.Name != "101"),
            answer => Assert.Equal(
                answer.Name,
                $"{answer.Value.GetProperty("content").GetProperty("application/json").GetProperty("example")
                    .GetProperty("error").GetProperty("code").GetInt32()}"));
    }

    private static JsonElement[] List(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) ? [.. list.EnumerateArray()] : [];

    private static JsonProperty[] Members(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var member) ? [.. member.EnumerateObject()] : [];

    [Fact]
    public async Task DocumentsPageForPeopleIsForDevelopmentOnly() =>
        Assert.Equal(404, (await RawHttp.SendAsync(api.Address, "GET /scalar", [], Cancellation)).Status);
}
