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
        Assert.NotNull(await _tokens.FindAccessKeyAsync(mine.AccessKeyId, Cancellation));
    }

    [Fact]
    public async Task KeyOfAStoreWithAnotherSecretIsNotFound()
    {
        var issued = await IssueAsync();
        Assert.Null(await StoreWith("another key altogether, long enough").FindAccessKeyAsync(issued.AccessKeyId, Cancellation));
    }

    [Fact]
    public async Task OfManyRefreshesAtOnceOneAtMostGetsATokenAndThenItsLineIsDead()
    {
        var issued = await IssueAsync();
        var refreshes = Enumerable.Range(0, 8).Select(_ => _tokens.RefreshAsync(issued.RefreshToken, s_lifetime, Cancellation));
        var results = await Task.WhenAll(refreshes);
        var successor = Assert.Single(results, result => result.Issued is not null).Issued!;
        Assert.Null(await _tokens.FindAccessKeyAsync(issued.AccessKeyId, Cancellation));
        Assert.Null(await _tokens.FindAccessKeyAsync(successor.AccessKeyId, Cancellation));
        Assert.Equal(0, await LiveAsync());
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

        var reused = await _tokens.RefreshAsync(first.RefreshToken, s_lifetime, Cancellation);
        Assert.Null(reused.Issued);
        Assert.Equal(second.AccessKeyId, Assert.Single(reused.Ended).AccessKeyId);
        Assert.Null(await _tokens.FindAccessKeyAsync(second.AccessKeyId, Cancellation));
        Assert.NotNull(await _tokens.FindAccessKeyAsync(other.AccessKeyId, Cancellation));
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
        Assert.Equal(4L, await CountAsync());

        await AgeAsync("8 days");
        await IssueAsync();
        Assert.Equal(2L, await CountAsync());
        Assert.Same(RefreshResult.Refused, await _tokens.RefreshAsync(successor.RefreshToken, s_lifetime, Cancellation));
    }

    private async Task AgeAsync(string age)
    {
        await using var command = _database.CreateCommand($"UPDATE auth_tokens SET expires_at = now() - interval '{age}'");
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<long> CountAsync()
    {
        await using var count = _database.CreateCommand("SELECT count(*) FROM auth_tokens");
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
