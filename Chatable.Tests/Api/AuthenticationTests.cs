using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class AuthenticationTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static readonly string s_refusal = ApiFixture.Failure(401, "Unauthenticated", "Authentication error");

    public static TheoryData<string> Hostile => [.. HostileTokens.Names];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task HostileTokenOpensNothing(string name)
    {
        var attacker = await api.Client.RegisterAsync(Cancellation);
        var victim = await api.Client.RegisterAsync(Cancellation);
        // Both keys are now in the cache, as on a busy server.
        Assert.Equal(200, (await api.Client.GetAsync("/api/inbox", attacker.Token, Cancellation)).Status);
        Assert.Equal(200, (await api.Client.GetAsync("/api/inbox", victim.Token, Cancellation)).Status);

        var jwt = HostileTokens.Make(name, attacker.Token, victim.Token);
        await AssertRefusedAsync($"Authorization: Bearer {jwt}");
        await api.AssertStillServesAsync(Cancellation);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"exp":{0}}""", 600)]
    [InlineData("""{"exp":{0}}""", -55)]
    [InlineData("""{"exp":{0}.5}""", 600)]
    [InlineData("""{"nbf":{0}}""", 55)]
    [InlineData("""{"exp":4102444800}""")]
    [InlineData("""{"sub":"somebody else","user_id":"1","token_id":"1","username":"root","exp2":["free"]}""")]
    public async Task TokenWithFreeOrTimelyClaimsIsAccepted(string claims, int seconds = 0)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var jwt = user.Token.ToJwt(claims.Replace("{0}", $"{Now + seconds}", StringComparison.Ordinal));
        Assert.Equal(200, (await api.Client.SendAsync(HttpMethod.Get, "/api/inbox", jwt, Cancellation)).Status);
    }

    [Fact]
    public async Task ClaimsCannotMakeOneSomebodyElse()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var victim = await api.Client.RegisterAsync(Cancellation);
        await Messages.SendAsync(api.Database, victim.Username, victim.Username, ["secret"], Cancellation);
        await using var find = api.Database.CreateCommand($"SELECT id FROM users WHERE username = '{victim.Username}'");
        var victimId = (long)(await find.ExecuteScalarAsync(Cancellation))!;

        var jwt = user.Token.ToJwt($$"""{"user_id":"{{victimId}}","username":"{{victim.Username}}","sub":"{{victimId}}"}""");
        Assert.Equal("[]", (await api.Client.SendAsync(HttpMethod.Get, "/api/inbox", jwt, Cancellation)).Data.GetRawText());
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    [InlineData("bEaReR")]
    public async Task SchemeIsTakenInAnyLetterCase(string scheme)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        Assert.Equal(200, (await GetInboxAsync($"Authorization: {scheme} {user.Token.ToJwt()}")).Status);
    }

    [Theory]
    [InlineData("Basic {0}")]
    [InlineData("Token {0}")]
    [InlineData("{0}")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer{0}")]
    [InlineData("Bearer Bearer {0}")]
    [InlineData("Bearer {0} {0}")]
    [InlineData("Bearer {0},{0}")]
    [InlineData("Bearer \"{0}\"")]
    public async Task AnotherSchemeOrSpellingIsRefused(string value)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await AssertRefusedAsync($"Authorization: {value.Replace("{0}", user.Token.ToJwt(), StringComparison.Ordinal)}");
    }

    [Fact]
    public async Task TwoAuthorizationHeadersAreRefused()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var header = $"Authorization: Bearer {user.Token.ToJwt()}";
        await AssertRefusedAsync(header, header);
        await AssertRefusedAsync("Authorization: Bearer garbage", header);
    }

    [Fact]
    public async Task TokenInTheQueryOpensNoRestEndpoint()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answer = await RawHttp.SendAsync(api.Address, $"GET /api/inbox?access_token={user.Token.ToJwt()}", [], Cancellation);
        Assert.Equal(401, answer.Status);
    }

    [Fact]
    public async Task HeaderBeyondTheLimitEndsTheRequestAndNothingElse()
    {
        var answer = await GetInboxAsync($"Authorization: Bearer {new string('a', 100_000)}");
        Assert.Contains(answer.Status, (int[])[431, 400, 0]);
        await api.AssertStillServesAsync(Cancellation);
    }

    [Fact]
    public async Task RequestWithoutTokenIsRefusedAtEveryEndpointThatNeedsOne()
    {
        foreach (var requestLine in (string[])["GET /api/inbox", "GET /api/thread/bob", "DELETE /api/auth_token"])
        {
            var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
            Assert.Equal(401, answer.Status);
            Assert.Contains(s_refusal, answer.Body, StringComparison.Ordinal);
        }
    }

    private async Task AssertRefusedAsync(params string[] headers)
    {
        var answer = await GetInboxAsync(headers);
        Assert.Equal(401, answer.Status);
        Assert.True(answer.Has("WWW-Authenticate: Bearer"), answer.Head);
        Assert.True(answer.Has("X-Chatable-Server: "), answer.Head);
        Assert.Contains(s_refusal, answer.Body, StringComparison.Ordinal);
    }

    private Task<RawAnswer> GetInboxAsync(params string[] headers) =>
        RawHttp.SendAsync(api.Address, "GET /api/inbox", headers, Cancellation);
}
