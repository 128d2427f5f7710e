using Chatable.ApiService.Auth;
using Chatable.Messaging.Tokens;
using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Chatable.Tests.Stores.Tokens;

public sealed class AccessKeysTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RefusedKeyIsNotAskedForAgainForFiveSeconds()
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        var protector = new TokenSecretProtector(new() { Key = "the key of these tests, long enough" });
        var tokens = new TokenStore(database, protector, NullLogger<TokenStore>.Instance);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var keys = new AccessKeys(tokens, Options.Create(new AuthOptions()), time);
        var user = (await new UserStore(database).CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        var issued = await tokens.IssueAsync(user, null, TimeSpan.FromDays(1), Cancellation);

        await SetActiveAsync(database, false);
        Assert.Null(await keys.FindAsync(issued.AccessKeyId, Cancellation));
        await SetActiveAsync(database, true);
        Assert.Null(await keys.FindAsync(issued.AccessKeyId, Cancellation));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotNull(await keys.FindAsync(issued.AccessKeyId, Cancellation));
    }

    [Fact]
    public async Task KeyThatCannotBeReadHereIsNotRememberedAsRefused()
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        TokenStore With(TokenSecretsOptions options) => new(database, new TokenSecretProtector(options), NullLogger<TokenStore>.Instance);
        var user = (await new UserStore(database).CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        var issued = await With(new() { Key = "the new key of these tests, long enough", KeyId = 2 })
            .IssueAsync(user, null, TimeSpan.FromDays(1), Cancellation);
        var keys = new AccessKeys(
            With(new() { Key = "the old key of these tests, long enough" }), Options.Create(new AuthOptions()), TimeProvider.System);

        for (var attempt = 0; attempt < 2; attempt++)
        {
            await Assert.ThrowsAsync<EncryptionKeyMissingException>(
                async () => await keys.FindAsync(issued.AccessKeyId, Cancellation));
        }
    }

    [Fact]
    public async Task FirstUseIsWrittenOnceAndThenRemembered()
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        var protector = new TokenSecretProtector(new() { Key = "the key of these tests, long enough" });
        var tokens = new TokenStore(database, protector, NullLogger<TokenStore>.Instance);
        var keys = new AccessKeys(tokens, Options.Create(new AuthOptions()), TimeProvider.System);
        var user = (await new UserStore(database).CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        var first = await tokens.IssueAsync(user, null, TimeSpan.FromDays(1), Cancellation);
        var second = (await tokens.RefreshAsync(first.RefreshToken, TimeSpan.FromDays(1), Cancellation)).Issued!;

        var unused = (await keys.FindAsync(second.AccessKeyId, Cancellation))!;
        Assert.True(unused.IsFirstUse);
        await keys.NoteUseAsync(unused, Cancellation);
        var used = (await keys.FindAsync(second.AccessKeyId, Cancellation))!;
        Assert.False(used.IsFirstUse);
        Assert.Same(used, await keys.FindAsync(second.AccessKeyId, Cancellation));

        // Now a write would fail.
        await using (var hide = database.CreateCommand("ALTER TABLE auth_tokens RENAME TO hidden"))
            await hide.ExecuteNonQueryAsync(Cancellation);
        await keys.NoteUseAsync(used, Cancellation);
    }

    private static async Task SetActiveAsync(NpgsqlDataSource database, bool isActive)
    {
        await using var command = database.CreateCommand($"UPDATE users SET is_active = {isActive}");
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
