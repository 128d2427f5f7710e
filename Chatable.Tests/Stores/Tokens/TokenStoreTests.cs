using Chatable.Messaging.Tokens;
using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chatable.Tests.Stores.Tokens;

public sealed class TokenStoreTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(30);
    private NpgsqlDataSource _database = null!;
    private TokenStore _tokens = null!;
    private long _user;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        _tokens = StoreWith("the key of these tests, long enough");
        _user = await NewUserAsync("bob");
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task IssuedKeyIsFoundWithItsUserAndTheTextItsOwnerSignsWith()
    {
        var issued = await IssueAsync();
        var key = await _tokens.FindAccessKeyAsync(issued.AccessKeyId, Cancellation);
        Assert.NotNull(key);
        Assert.Equal((_user, "bob", issued.AccessKeyId), (key.UserId, key.Username, key.AccessKeyId));
        Assert.Equal(issued.SecretAccessKey, System.Text.Encoding.ASCII.GetString(key.Secret));
        Assert.Equal(issued.ExpiresAt, key.ExpiresAt.UtcDateTime);
    }

    [Fact]
    public async Task SecretCopiedFromAnotherRowOpensNothing()
    {
        var (mine, victims) = (await IssueAsync(), await _tokens.IssueAsync(await NewUserAsync("victim"), null, s_lifetime, Cancellation));
        Assert.True(Base32.TryDecode(mine.AccessKeyId, out var mineId) & Base32.TryDecode(victims.AccessKeyId, out var victimsId));
        await using var copy = _database.CreateCommand(
            "UPDATE auth_tokens SET secret = (SELECT secret FROM auth_tokens WHERE access_key_id = $1) WHERE access_key_id = $2");
        copy.Parameters.Add(new() { Value = mineId });
        copy.Parameters.Add(new() { Value = victimsId });
        Assert.Equal(1, await copy.ExecuteNonQueryAsync(Cancellation));

        Assert.Null(await _tokens.FindAccessKeyAsync(victims.AccessKeyId, Cancellation));
        Assert.True(await IsLiveAsync(mine));
    }

    [Fact]
    public async Task KeyOfAStoreWithAnotherSecretIsNotFound()
    {
        var issued = await IssueAsync();
        Assert.Null(await StoreWith("another key altogether, long enough").FindAccessKeyAsync(issued.AccessKeyId, Cancellation));
    }

    [Fact]
    public async Task KeyWhoseEncryptionKeyIsNotConfiguredIsUnavailableRatherThanUnknown()
    {
        var newer = new TokenStore(
            _database, new TokenSecretProtector(new() { Key = "the next key of these tests, long enough", KeyId = 2 }),
            NullLogger<TokenStore>.Instance);
        var issued = await newer.IssueAsync(_user, null, s_lifetime, Cancellation);

        await Assert.ThrowsAsync<EncryptionKeyMissingException>(() => _tokens.FindAccessKeyAsync(issued.AccessKeyId, Cancellation));
        Assert.Null(await _tokens.FindAccessKeyAsync(Base32.Encode(new byte[32]), Cancellation));
    }

    [Fact]
    public async Task EndedKeysAreFoundWithWhatEndedThem()
    {
        var (revoked, expired, rotated, live) = (await IssueAsync(), await IssueAsync(), await IssueAsync(), await IssueAsync());
        await _tokens.RevokeAsync((await FindAsync(revoked)).TokenId, Cancellation);
        await using var expire = _database.CreateCommand(
            $"UPDATE auth_tokens SET expires_at = now() WHERE id = {(await FindAsync(expired)).TokenId}");
        await expire.ExecuteNonQueryAsync(Cancellation);
        await _tokens.RefreshAsync(rotated.RefreshToken, s_lifetime, Cancellation);

        Assert.Equal(AccessKeyState.Revoked, (await FindAsync(revoked)).State);
        Assert.Equal(AccessKeyState.Expired, (await FindAsync(expired)).State);
        Assert.Equal(AccessKeyState.Revoked, (await FindAsync(rotated)).State);
        Assert.Equal(AccessKeyState.Live, (await FindAsync(live)).State);
        await using var deactivate = _database.CreateCommand("UPDATE users SET is_active = false");
        await deactivate.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal(AccessKeyState.Revoked, (await FindAsync(live)).State);
        Assert.Equal(expired.SecretAccessKey, System.Text.Encoding.ASCII.GetString((await FindAsync(expired)).Secret));
    }

    [Fact]
    public async Task OfManyRefreshesAtOnceEachGetsATokenOfTheSameLineThatWorks()
    {
        var issued = await IssueAsync();
        var refreshes = Enumerable.Range(0, 8).Select(_ => _tokens.RefreshAsync(issued.RefreshToken, s_lifetime, Cancellation));
        var results = await Task.WhenAll(refreshes);

        Assert.False(await IsLiveAsync(issued));
        foreach (var result in results)
        {
            await UseAsync(result.Issued!);
            Assert.NotNull((await _tokens.RefreshAsync(result.Issued!.RefreshToken, s_lifetime, Cancellation)).Issued);
        }

        Assert.Equal(8, await LiveAsync());
        Assert.Equal(1L, await CountAsync("DISTINCT line_id"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RefreshTokenIsGoodUntilASuccessorIsUsedAndGivenLaterItEndsItsLine(bool usesTheRefreshToken)
    {
        var first = await IssueAsync();
        var lost = (await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued!;
        var repeated = await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation);
        Assert.Empty(repeated.Ended);
        Assert.Equal(4, new HashSet<string>(
            [lost.RefreshToken, lost.AccessKeyId, repeated.Issued!.RefreshToken, repeated.Issued.AccessKeyId]).Count);

        var last = repeated.Issued;
        if (usesTheRefreshToken)
            last = (await _tokens.RefreshAsync(last.RefreshToken, s_lifetime, Cancellation)).Issued!;
        else
            await UseAsync(last);

        Assert.Null((await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued);
        Assert.False(await IsLiveAsync(last));
        Assert.False(await IsLiveAsync(lost));
        Assert.Equal(0, await LiveAsync());
    }

    [Fact]
    public async Task UseIsNotedOnceInTheLifeOfATokenAndOnlyWhereItCameFromARefresh()
    {
        var first = await IssueAsync();
        Assert.False((await _tokens.FindAccessKeyAsync(first.AccessKeyId, Cancellation))!.IsFirstUse);
        var second = (await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued!;
        Assert.True((await _tokens.FindAccessKeyAsync(second.AccessKeyId, Cancellation))!.IsFirstUse);
        await UseAsync(second);
        Assert.False((await _tokens.FindAccessKeyAsync(second.AccessKeyId, Cancellation))!.IsFirstUse);
    }

    [Fact]
    public async Task FirstUseAndARepeatAtOnceLeaveEitherBothTokensOrNone()
    {
        for (var round = 0; round < 20; round++)
        {
            var first = await IssueAsync();
            var second = (await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued!;
            var repeat = _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation);
            await Task.WhenAll(UseAsync(second), repeat);

            Assert.Equal((await repeat).Issued is not null, await IsLiveAsync(second));
            Assert.Null((await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued);
        }
    }

    [Fact]
    public async Task UnusedSuccessorsOfATokenThatIsGivenAgainAndAgainStayFew()
    {
        var first = await IssueAsync();
        var repeats = new List<RefreshResult>();
        for (var n = 0; n < 12; n++)
            repeats.Add(await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation));

        Assert.Equal(1L + 8, await CountAsync("*"));
        Assert.Equal(repeats[0].Issued!.AccessKeyId, Assert.Single(repeats[8].Ended).AccessKeyId);
        Assert.False(await IsLiveAsync(repeats[3].Issued!));
        Assert.True(await IsLiveAsync(repeats[4].Issued!));
        Assert.Same(RefreshResult.Refused, await _tokens.RefreshAsync(repeats[3].Issued!.RefreshToken, s_lifetime, Cancellation));
        Assert.NotNull((await _tokens.RefreshAsync(repeats[4].Issued!.RefreshToken, s_lifetime, Cancellation)).Issued);
    }

    [Fact]
    public async Task EndOfALineEndsARefreshTokenThatCouldBeGivenAgain()
    {
        var first = await IssueAsync();
        var second = (await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued!;
        var key = (await _tokens.FindAccessKeyAsync(second.AccessKeyId, Cancellation))!;

        await _tokens.RevokeAsync(key.TokenId, Cancellation);

        Assert.Null((await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued);
        Assert.Null((await _tokens.RefreshAsync(second.RefreshToken, s_lifetime, Cancellation)).Issued);
        Assert.Equal(0, await LiveAsync());
    }

    [Fact]
    public async Task ExpiredRefreshTokenCannotBeGivenAgain()
    {
        var first = await IssueAsync();
        await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation);
        await AgeAsync("1 second");
        Assert.Same(RefreshResult.Refused, await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation));
    }

    [Fact]
    public async Task RefreshAndRevocationAtOnceLeaveNoLiveToken()
    {
        for (var round = 0; round < 20; round++)
        {
            var issued = await IssueAsync();
            var key = await _tokens.FindAccessKeyAsync(issued.AccessKeyId, Cancellation);
            var refresh = _tokens.RefreshAsync(issued.RefreshToken, s_lifetime, Cancellation);
            await Task.WhenAll(refresh, _tokens.RevokeAsync(key!.TokenId, Cancellation));
            Assert.Equal(0, await LiveAsync());
        }
    }

    [Fact]
    public async Task ReuseRevokesTheLineAndNamesWhatItEnded()
    {
        var first = await IssueAsync();
        var other = await IssueAsync();
        var second = (await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation)).Issued!;
        await UseAsync(second);

        var reused = await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation);
        Assert.Null(reused.Issued);
        Assert.Equal(second.AccessKeyId, Assert.Single(reused.Ended).AccessKeyId);
        Assert.False(await IsLiveAsync(second));
        Assert.True(await IsLiveAsync(other));
        Assert.Same(RefreshResult.Refused, await _tokens.RefreshAsync(second.RefreshToken, s_lifetime, Cancellation));
    }

    [Fact]
    public async Task RevokedExpiredRotatedAndUnknownTokensAreNoLongerLive()
    {
        var keys = new List<AccessKey>();
        for (var n = 0; n < 4; n++)
            keys.Add((await _tokens.FindAccessKeyAsync((await IssueAsync()).AccessKeyId, Cancellation))!);
        var rotated = await IssueAsync();
        var rotatedKey = (await _tokens.FindAccessKeyAsync(rotated.AccessKeyId, Cancellation))!;
        await _tokens.RefreshAsync(rotated.RefreshToken, s_lifetime, Cancellation);
        await _tokens.RevokeAsync(keys[0].TokenId, Cancellation);
        await using var expire = _database.CreateCommand($"UPDATE auth_tokens SET expires_at = now() WHERE id = {keys[1].TokenId}");
        await expire.ExecuteNonQueryAsync(Cancellation);

        long[] asked = [.. keys.Select(key => key.TokenId), rotatedKey.TokenId, 999_999];
        var ended = await _tokens.FindRevokedAsync(asked, Cancellation);
        Assert.Equal([keys[0].TokenId, keys[1].TokenId, rotatedKey.TokenId, 999_999], ended.Order());
        Assert.Empty(await _tokens.FindRevokedAsync([], Cancellation));
    }

    [Fact]
    public async Task RevokingTwiceEndsNothingMore()
    {
        var key = (await _tokens.FindAccessKeyAsync((await IssueAsync()).AccessKeyId, Cancellation))!;
        Assert.Equal(new EndedToken(key.TokenId, key.AccessKeyId), Assert.Single(await _tokens.RevokeAsync(key.TokenId, Cancellation)));
        Assert.Empty(await _tokens.RevokeAsync(key.TokenId, Cancellation));
    }

    [Fact]
    public async Task NewTokenTakesTheLongExpiredOnesOfItsUserAway()
    {
        var rotated = await IssueAsync();
        var successor = (await _tokens.RefreshAsync(rotated.RefreshToken, s_lifetime, Cancellation)).Issued!;
        await _tokens.IssueAsync(await NewUserAsync("other"), null, s_lifetime, Cancellation);
        await AgeAsync("6 days");
        await IssueAsync();
        Assert.Equal(4L, await CountAsync("*"));

        await AgeAsync("8 days");
        await IssueAsync();
        Assert.Equal(2L, await CountAsync("*"));
        Assert.Same(RefreshResult.Refused, await _tokens.RefreshAsync(successor.RefreshToken, s_lifetime, Cancellation));
    }

    private async Task AgeAsync(string age)
    {
        await using var command = _database.CreateCommand($"UPDATE auth_tokens SET expires_at = now() - interval '{age}'");
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<AccessKey> FindAsync(IssuedToken token) =>
        (await _tokens.FindAccessKeyAsync(token.AccessKeyId, Cancellation))!;

    private async Task<bool> IsLiveAsync(IssuedToken token) =>
        await _tokens.FindAccessKeyAsync(token.AccessKeyId, Cancellation) is { IsLive: true };

    // As a replica does when a client has signed with the secret.
    private async Task UseAsync(IssuedToken token)
    {
        if (await _tokens.FindAccessKeyAsync(token.AccessKeyId, Cancellation) is { IsFirstUse: true } key)
            await _tokens.NoteUseAsync(key.TokenId, Cancellation);
    }

    private async Task<long> CountAsync(string what)
    {
        await using var count = _database.CreateCommand($"SELECT count({what}) FROM auth_tokens");
        return (long)(await count.ExecuteScalarAsync(Cancellation))!;
    }

    private TokenStore StoreWith(string key) =>
        new(_database, new TokenSecretProtector(new() { Key = key }), NullLogger<TokenStore>.Instance);

    private Task<IssuedToken> IssueAsync() => _tokens.IssueAsync(_user, "phone", s_lifetime, Cancellation);

    private async Task<long> NewUserAsync(string name) =>
        (await new UserStore(_database).CreateAsync(Person.Named(name), Cancellation))!.Value;

    private async Task<long> LiveAsync()
    {
        await using var count = _database.CreateCommand("SELECT count(*) FROM auth_tokens WHERE revoked_at IS NULL AND rotated_at IS NULL");
        return (long)(await count.ExecuteScalarAsync(Cancellation))!;
    }
}
