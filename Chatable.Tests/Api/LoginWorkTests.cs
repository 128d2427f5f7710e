using System.Diagnostics.Metrics;
using Chatable.ApiService.Accounts;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging.Tokens;
using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.Tests.Api;

public sealed class LoginWorkTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RefusedLoginComputesOneHashWhetherTheUserExistsOrNot()
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var passwords = new Passwords(Options.Create(new PasswordsOptions { Iterations = 1_000 }), meters);
        using var verifications = new CounterReading(meters, "chatable.accounts.passwords.verifications");
        var users = new UserStore(database);
        var known = Person.Named("known") with { PasswordHash = await passwords.HashAsync("correct-horse", Cancellation) };
        Assert.NotNull(await users.CreateAsync(known, Cancellation));
        // A refused login does not use the token store.
        var sessions = new Sessions(users, tokens: null!, passwords, revocations: null!, Options.Create(new AuthOptions()));

        Assert.Null(await sessions.LogInAsync(new LoginForm("known", "wrong-horse"), Cancellation));
        Assert.Equal(1, verifications.Total);
        Assert.Null(await sessions.LogInAsync(new LoginForm("nobody", "wrong-horse"), Cancellation));
        Assert.Equal(2, verifications.Total);
    }

    [Fact]
    public async Task LoginRenewsAHashOfThePasswordAsItWasTyped()
    {
        const string Typed = "cafe\u0301-au-lait";
        const string Composed = "caf\u00e9-au-lait";
        await using var database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var passwords = new Passwords(
            Options.Create(new PasswordsOptions { Iterations = 1_000 }), services.GetRequiredService<IMeterFactory>());
        var users = new UserStore(database);
        var raw = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1_000 })).HashPassword(this, Typed);
        await users.CreateAsync(Person.Named("bob") with { PasswordHash = raw }, Cancellation);
        var tokens = new TokenStore(
            database, new TokenSecretProtector(new() { Key = "the key of these tests, long enough" }), NullLogger<TokenStore>.Instance);
        var sessions = new Sessions(users, tokens, passwords, revocations: null!, Options.Create(new AuthOptions()));

        Assert.Null(await sessions.LogInAsync(new LoginForm("bob", Composed), Cancellation));
        Assert.NotNull(await sessions.LogInAsync(new LoginForm("bob", Typed), Cancellation));
        Assert.NotNull(await sessions.LogInAsync(new LoginForm("bob", Composed), Cancellation));
        Assert.NotNull(await sessions.LogInAsync(new LoginForm("bob", Typed), Cancellation));
    }

    [Fact]
    public async Task TurnedAwayRequestsAreCounted()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var passwords = new Passwords(
            Options.Create(new PasswordsOptions { Iterations = 1_000_000, MaxConcurrentHashes = 1, MaxWaitingHashes = 0 }), meters);
        using var refused = new CounterReading(meters, "chatable.accounts.passwords.refused");

        var first = passwords.HashAsync("correct-horse", Cancellation);
        await Assert.ThrowsAsync<ServiceBusyException>(() => passwords.HashAsync("correct-horse", Cancellation));
        Assert.Equal(1, refused.Total);
        await first;
        Assert.Equal(1, refused.Total);
    }
}
