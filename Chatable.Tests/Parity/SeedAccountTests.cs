using System.Text.Json;
using System.Text.Json.Nodes;
using Chatable.Tests.Support;
using Chatable.Tests.Topology;

namespace Chatable.Tests.Parity;

/// <summary>The original's account tests, statement by statement, against the running topology.</summary>
public sealed class SeedAccountTests(TopologyFixture fixture)
{
    private static readonly string[] s_envelope = ["status", "data", "error", "page", "per_page", "current_page"];

    private static readonly string[] s_token =
        ["access_key_id", "created_at", "expires_at", "is_refreshable", "modified_at", "refresh_token", "secret_access_key"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RegisteringGivesTheUserWithATokenInTheEnvelope()
    {
        using var client = await ClientAsync();
        var form = ChatClient.RegistrationOf(ChatClient.NewName());

        var answer = await client.PostAsync("/api/register", form, Cancelled);

        AssertSuccess(answer, items: 1);
        Assert.Equal(["email", "first_name", "last_name", "phone_number", "token", "username"], Names(answer.Item));
        Assert.Equal(form["email"], answer.Item.Text("email"));
        Assert.Equal(form["first_name"], answer.Item.Text("first_name"));
        Assert.Equal(form["last_name"], answer.Item.Text("last_name"));
        Assert.Equal(form["phone"], answer.Item.Text("phone_number"));
        Assert.Equal(form["username"], answer.Item.Text("username"));
        AssertToken(answer.Item.GetProperty("token"));
    }

    [Fact]
    public async Task LoggingInGivesAToken()
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);

        var answer = await client.PostAsync(
            "/api/auth_token", new() { ["username"] = user.Username, ["password"] = user.Password }, Cancelled);

        AssertSuccess(answer, items: 1);
        AssertToken(answer.Item);
    }

    [Fact]
    public async Task JsonBodiesAreTakenLikeForms()
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);
        var body = new JsonObject { ["username"] = user.Username, ["password"] = user.Password };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth_token")
        {
            Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };

        AssertToken((await client.SendAsync(request, Cancelled)).Item);
    }

    [Fact]
    public async Task ATokenIsEndedByItsOwner()
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);

        AssertSuccess(await client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancelled), items: 0);

        AssertUnauthenticated(await client.GetAsync("/api/inbox", user.Token, Cancelled));
    }

    [Fact]
    public async Task ARefreshTokenGivesTheNextTokenAndEndsThePresentOne()
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);
        Dictionary<string, string> refresh = new() { ["refresh_token"] = user.Token.RefreshToken };

        var answer = await client.PostAsync("/api/auth_token/refresh", refresh, Cancelled);

        AssertToken(answer.Item);
        AssertUnauthenticated(await client.GetAsync("/api/inbox", user.Token, Cancelled));
        var next = ChatToken.From(answer.Item);
        AssertSuccess(await client.GetAsync("/api/inbox", next, Cancelled), items: 0);

        // Reusing the old one ends the whole line: one of its two holders has stolen it.
        AssertUnauthenticated(await client.PostAsync("/api/auth_token/refresh", refresh, Cancelled));
        AssertUnauthenticated(await client.GetAsync("/api/inbox", next, Cancelled));
    }

    [Theory]
    [InlineData("username")]
    [InlineData("email")]
    [InlineData("phone")]
    public async Task WhatIsTakenIsRefusedInTheOriginalsWords(string field)
    {
        using var client = await ClientAsync();
        var first = ChatClient.RegistrationOf(ChatClient.NewName());
        AssertSuccess(await client.PostAsync("/api/register", first, Cancelled), items: 1);
        var second = ChatClient.RegistrationOf(ChatClient.NewName());
        second[field] = first[field];

        AssertFailure(await client.PostAsync("/api/register", second, Cancelled), 400, "User error", "error", "Some fileds are not unique");
    }

    [Theory]
    [InlineData("first_name", "", "is required")]
    [InlineData("email", "hello", "please enter a valid email address")]
    [InlineData("password", "ninechars", "please enter a password with at least 10 characters")]
    [InlineData("password", "correct horse", "please enter a password without any space")]
    [InlineData("phone", "+12 34", "please enter a valid phone number")]
    [InlineData("username", "1bob", "please enter a valid name")]
    public async Task ABadFieldIsNamedInTheOriginalsWords(string field, string value, string fault)
    {
        using var client = await ClientAsync();
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = value;

        AssertFailure(await client.PostAsync("/api/register", form, Cancelled), 400, "Form error", field, fault);
    }

    [Fact]
    public async Task AnUnknownUserAndAWrongPasswordGetTheSameAnswer()
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);

        var wrong = await client.PostAsync(
            "/api/auth_token", new() { ["username"] = user.Username, ["password"] = "wrong-password" }, Cancelled);
        var unknown = await client.PostAsync(
            "/api/auth_token", new() { ["username"] = ChatClient.NewName(), ["password"] = user.Password }, Cancelled);

        AssertUnauthenticated(wrong);
        Assert.Equal(wrong.Envelope.GetRawText(), unknown.Envelope.GetRawText());
    }

    internal static void AssertSuccess(ChatAnswer answer, int items, int page = 1)
    {
        Assert.Equal(200, answer.Status);
        Assert.Equal(s_envelope, Names(answer.Envelope));
        Assert.Equal("success", answer.Envelope.Text("status"));
        Assert.Equal("""{"code":200,"errors":null,"message":""}""", answer.Error.GetRawText());
        Assert.Equal((page, 10, items), Paging(answer));
        Assert.Equal(items, answer.Data.GetArrayLength());
    }

    internal static void AssertFailure(ChatAnswer answer, int code, string message, string field, string fault)
    {
        Assert.Equal(code, answer.Status);
        Assert.Equal(s_envelope, Names(answer.Envelope));
        Assert.Equal("fail", answer.Envelope.Text("status"));
        Assert.Equal("[]", answer.Data.GetRawText());
        Assert.Equal(code, answer.Error.GetProperty("code").GetInt32());
        Assert.Equal(message, answer.Message);
        Assert.Equal(fault, answer.ErrorOf(field));
        Assert.Equal((1, 10, 0), Paging(answer));
    }

    internal static void AssertUnauthenticated(ChatAnswer answer) =>
        AssertFailure(answer, 401, "Authentication error", "error", "Unauthenticated");

    private static void AssertToken(JsonElement token)
    {
        Assert.Equal(s_token, Names(token));
        foreach (var key in new[] { "access_key_id", "refresh_token", "secret_access_key" })
            Assert.Matches("^[A-Z2-7]{52}$", token.Text(key));
        Assert.True(token.GetProperty("is_refreshable").GetBoolean());
        var (created, expires) = (token.GetProperty("created_at"), token.GetProperty("expires_at"));
        Assert.Equal(TimeSpan.FromDays(30), expires.GetDateTimeOffset() - created.GetDateTimeOffset());
    }

    private static (int, int, int) Paging(ChatAnswer answer) => (
        answer.Envelope.GetProperty("page").GetInt32(), answer.Envelope.GetProperty("per_page").GetInt32(),
        answer.Envelope.GetProperty("current_page").GetInt32());

    private static IEnumerable<string> Names(JsonElement item) => item.EnumerateObject().Select(property => property.Name);

    private async Task<ChatClient> ClientAsync() => new((await fixture.StartedAsync()).Api);
}
