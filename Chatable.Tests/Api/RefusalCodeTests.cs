using Chatable.Messaging.Tokens;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>What a client learns about a refused token: v2 reports it in the problem, v1 only in a header.</summary>
public sealed class RefusalCodeTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exp", -65, "token_expired")]
    [InlineData("nbf", 65, "token_not_yet_valid")]
    public async Task ClaimThatFailedIsNamed(string claim, int seconds, string code)
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var jwt = user.Token.ToJwt($$"""{"{{claim}}":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds}}}""");
        await AssertRefusedAsync(jwt, code);

        // A client that cannot sign learns nothing about a token's claims.
        await AssertRefusedAsync(jwt[..^4] + "AAAA", "bad_signature");
    }

    [Fact]
    public async Task UnknownAccessKeyAndWrongSignatureAreTheSame()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var unknown = user.Token with { AccessKeyId = Base32.Encode(new byte[32]) };
        await AssertRefusedAsync(unknown.ToJwt(), "bad_signature");
        await AssertRefusedAsync(user.Token.ToJwt()[..^4] + "AAAA", "bad_signature");
    }

    [Fact]
    public async Task EndedAccessKeyIsRevokedOnlyForItsOwner()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var rotated = await api.Client.LogInAsync(user.Username, user.Password, Cancellation);
        await api.Client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancellation);
        await api.Client.PostAsync("/api/auth_token/refresh", new() { ["refresh_token"] = rotated.RefreshToken }, Cancellation);

        foreach (var token in (ChatToken[])[user.Token, rotated])
        {
            await AssertRefusedAsync(token.ToJwt(), "revoked");
            // Again, now from the cache.
            await AssertRefusedAsync(token.ToJwt(), "revoked");
            await AssertRefusedAsync((token with { SecretAccessKey = "guessed" }).ToJwt(), "bad_signature");
        }
    }

    [Fact]
    public async Task AccessKeyThatHasExpiredIsToldSo()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await using var expire = api.Database.CreateCommand(
            $"UPDATE auth_tokens SET expires_at = now() WHERE user_id = (SELECT id FROM users WHERE username = '{user.Username}')");
        await expire.ExecuteNonQueryAsync(Cancellation);
        await AssertRefusedAsync(user.Token.ToJwt(), "token_expired");
    }

    [Fact]
    public async Task WhatIsNoTokenIsUnauthenticated()
    {
        await AssertRefusedAsync("garbage", "unauthenticated", header: "Bearer");
        var answer = await RawHttp.SendAsync(api.Address, "GET /api/v2/sync", [], Cancellation);
        Assert.Equal(401, answer.Status);
        Assert.True(answer.Has("WWW-Authenticate: Bearer\r\n"), answer.Head);
        Assert.Contains("\"code\":\"unauthenticated\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenWithoutAnEndIsToldThatOneIsRequired()
    {
        using var strict = await StrictAsync();
        using var client = new ChatClient(strict.Address);
        var user = await client.RegisterAsync(Cancellation);
        (await client.SyncAsync(user, "", Cancellation)).AssertProblem(401, "expiration_required");
    }

    [Theory]
    [InlineData("GET /api/inbox", 401)]
    [InlineData("GET /api/v2/sync", 401)]
    [InlineData("GET /api/ws", 401)]
    [InlineData("GET /api/nothing", 404)]
    [InlineData("PUT /api/inbox", 405)]
    [InlineData("POST /api/register", 400)]
    [InlineData("GET /api inbox", 400)]
    [InlineData("GET /health", 200)]
    public async Task EveryAnswerHasADate(string requestLine, int status)
    {
        var answer = await RawHttp.SendAsync(api.Address, requestLine, [], Cancellation);
        Assert.Equal(status, answer.Status);
        Assert.Matches(@"(?m)^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r?$", answer.Head);
    }

    [Fact]
    public async Task HandshakeHasADateToo()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await using var socket = await ChatSocket.ConnectAsync(api.Address, user.Token, Cancellation);
        Assert.Matches("GMT$", socket.Socket.HttpResponseHeaders!["Date"].Single());
    }

    // A separate server, because clients of the shared one send no exp.
    private Task<ApiProcess> StrictAsync() => api.StartAnotherAsync(("Auth__RequireExpiration", "true"));

    private async Task AssertRefusedAsync(string jwt, string code, string? header = null)
    {
        header ??= $"Bearer error=\"invalid_token\", error_description=\"{code}\"";
        var v2 = await api.Client.SendAsync(HttpMethod.Get, "/api/v2/sync", jwt, Cancellation);
        v2.AssertProblem(401, code);
        Assert.Equal(header, v2.Headers.GetValues("WWW-Authenticate").Single());

        var v1 = await api.Client.SendAsync(HttpMethod.Get, "/api/inbox", jwt, Cancellation);
        Assert.Equal(ApiFixture.Failure(401, "Unauthenticated", "Authentication error"), v1.Envelope.GetRawText());
        Assert.Equal(header, v1.Headers.GetValues("WWW-Authenticate").Single());

        var handshake = await RawHttp.SendAsync(api.Address, "GET /api/ws", [$"Authorization: Bearer {jwt}"], Cancellation);
        Assert.Equal(401, handshake.Status);
        Assert.True(handshake.Has($"WWW-Authenticate: {header}"), handshake.Head);
    }
}
