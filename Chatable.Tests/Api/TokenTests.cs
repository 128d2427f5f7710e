using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Api;

public sealed class TokenTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoginGivesATokenOfTheContractsShape()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answer = await LogInAsync(user.Username, user.Password);

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            ["access_key_id", "created_at", "expires_at", "is_refreshable", "modified_at", "refresh_token", "secret_access_key"],
            answer.Item.EnumerateObject().Select(property => property.Name));
        Assert.NotEqual(user.Token.AccessKeyId, ChatToken.From(answer.Item).AccessKeyId);
    }

    [Fact]
    public async Task UsernameIsTakenInAnyLetterCase()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        Assert.Equal(200, (await LogInAsync(user.Username.ToUpperInvariant(), user.Password)).Status);
    }

    [Fact]
    public async Task UnknownUserWrongPasswordAndDeactivatedUserGetTheSameAnswer()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var gone = await api.Client.RegisterAsync(Cancellation);
        await using var deactivate = api.Database.CreateCommand($"UPDATE users SET is_active = false WHERE username = '{gone.Username}'");
        await deactivate.ExecuteNonQueryAsync(Cancellation);

        ChatAnswer[] answers =
        [
            await LogInAsync(ChatClient.NewName(), user.Password),
            await LogInAsync(user.Username, "wrong-password"),
            await LogInAsync(gone.Username, gone.Password),
            await LogInAsync("not a name'; --", "x"),
        ];
        Assert.All(answers, answer => Assert.Equal(401, answer.Status));
        Assert.Equal(
            ApiFixture.Failure(401, "Unauthenticated", "Authentication error"),
            Assert.Single(answers.Select(answer => answer.Envelope.GetRawText()).Distinct()));
    }

    [Fact]
    public async Task EightLoginsAtOnceAllSucceedEachWithItsOwnToken()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var logins = Enumerable.Range(0, 8).Select(_ => api.Client.LogInAsync(user.Username, user.Password, Cancellation));
        var tokens = await Task.WhenAll(logins);
        Assert.Equal(8, tokens.Select(token => token.AccessKeyId).Distinct().Count());
    }

    [Fact]
    public async Task HashWithFewerRoundsIsRenewedAtTheNextLogin()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var weak = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 500 }));
        var older = weak.HashPassword(user, user.Password);
        await using var weaken = api.Database.CreateCommand("UPDATE users SET password_hash = $1 WHERE username = $2 RETURNING id");
        weaken.Parameters.Add(new() { Value = older });
        weaken.Parameters.Add(new() { Value = user.Username });
        await weaken.ExecuteNonQueryAsync(Cancellation);

        await api.Client.LogInAsync(user.Username, user.Password, Cancellation);

        var stored = await new UserStore(api.Database).FindForLoginAsync(user.Username, Cancellation);
        Assert.NotEqual(older, stored!.PasswordHash);
        await api.Client.LogInAsync(user.Username, user.Password, Cancellation);
        Assert.Equal(stored, await new UserStore(api.Database).FindForLoginAsync(user.Username, Cancellation));
    }

    [Fact]
    public async Task DeletedTokenIsDeadWithItsRefreshTokenAndOthersLiveOn()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var other = await api.Client.LogInAsync(user.Username, user.Password, Cancellation);

        var answer = await api.Client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancellation);
        Assert.Equal((200, "[]"), (answer.Status, answer.Data.GetRawText()));
        Assert.Equal("success", answer.Envelope.GetProperty("status").GetString());

        Assert.Equal(401, await InboxStatusAsync(user.Token));
        Assert.Equal(401, (await RefreshAsync(user.Token.RefreshToken)).Status);
        Assert.Equal(200, await InboxStatusAsync(other));
    }

    [Fact]
    public async Task RefreshGivesANewTokenAndEndsTheOldOne()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        Assert.Equal(200, await InboxStatusAsync(user.Token));

        var answer = await RefreshAsync(user.Token.RefreshToken);
        Assert.Equal(200, answer.Status);
        Assert.Equal(200, await InboxStatusAsync(ChatToken.From(answer.Item)));
        Assert.Equal(401, await InboxStatusAsync(user.Token));
    }

    [Fact]
    public async Task RefreshTokenUsedTwiceEndsItsWholeLine()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var other = await api.Client.LogInAsync(user.Username, user.Password, Cancellation);
        var second = ChatToken.From((await RefreshAsync(user.Token.RefreshToken)).Item);
        var third = ChatToken.From((await RefreshAsync(second.RefreshToken)).Item);
        Assert.Equal(200, await InboxStatusAsync(third));

        Assert.Equal(401, (await RefreshAsync(user.Token.RefreshToken)).Status);

        Assert.Equal(401, await InboxStatusAsync(third));
        Assert.Equal(401, (await RefreshAsync(third.RefreshToken)).Status);
        Assert.Equal(200, await InboxStatusAsync(other));
    }

    [Fact]
    public async Task RefreshWhoseAnswerWasLostIsRepeated()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await RefreshAsync(user.Token.RefreshToken);

        var again = await RefreshAsync(user.Token.RefreshToken);

        Assert.Equal(200, again.Status);
        Assert.Equal(200, await InboxStatusAsync(ChatToken.From(again.Item)));
        Assert.Equal(401, await InboxStatusAsync(user.Token));
    }

    [Fact]
    public async Task TwoRefreshesAtOnceBothGoOn()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        var answers = await Task.WhenAll(RefreshAsync(user.Token.RefreshToken), RefreshAsync(user.Token.RefreshToken));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        foreach (var token in answers.Select(answer => ChatToken.From(answer.Item)))
        {
            Assert.Equal(200, await InboxStatusAsync(token));
            Assert.Equal(200, (await RefreshAsync(token.RefreshToken)).Status);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("FAIMPUSXVQJAMRGBSSUJHIRRZC3ROLLOLPYT5VQOR5K6OJKFY62Q")]
    public async Task RefreshWithSomethingElseIsRefused(string refreshToken)
    {
        var answer = await RefreshAsync(refreshToken);
        Assert.Equal(refreshToken == "" ? (400, "Form error") : (401, "Authentication error"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task ExpiredTokenIsRefusedAndCannotBeRefreshed()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await using var expire = api.Database.CreateCommand(
            $"UPDATE auth_tokens SET expires_at = now() WHERE user_id = (SELECT id FROM users WHERE username = '{user.Username}')");
        await expire.ExecuteNonQueryAsync(Cancellation);

        Assert.Equal(401, await InboxStatusAsync(user.Token));
        Assert.Equal(401, (await RefreshAsync(user.Token.RefreshToken)).Status);
    }

    [Fact]
    public async Task NeitherSecretNorRefreshTokenNorPasswordStandsInTheDatabase()
    {
        var user = await api.Client.RegisterAsync(Cancellation);
        await using var dump = api.Database.CreateCommand("SELECT string_agg(t::text, '') FROM auth_tokens t");
        var tokens = (string)(await dump.ExecuteScalarAsync(Cancellation))!;
        Assert.True(Messaging.Tokens.Base32.TryDecode(user.Token.SecretAccessKey, out var secret));
        Assert.True(Messaging.Tokens.Base32.TryDecode(user.Token.AccessKeyId, out var id));

        Assert.Contains(Convert.ToHexStringLower(id), tokens, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(secret), tokens, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Token.SecretAccessKey, tokens, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Token.RefreshToken, tokens, StringComparison.Ordinal);
    }

    private Task<ChatAnswer> LogInAsync(string username, string password) =>
        api.Client.PostAsync("/api/auth_token", new() { ["username"] = username, ["password"] = password }, Cancellation);

    private Task<ChatAnswer> RefreshAsync(string refreshToken) =>
        api.Client.PostAsync("/api/auth_token/refresh", new() { ["refresh_token"] = refreshToken }, Cancellation);

    private async Task<int> InboxStatusAsync(ChatToken token) => (await api.Client.GetAsync("/api/inbox", token, Cancellation)).Status;
}
