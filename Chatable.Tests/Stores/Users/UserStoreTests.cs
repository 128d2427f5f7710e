using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Chatable.Tests.Stores.Users;

public sealed class UserStoreTests(PostgresServer postgres) : IAsyncLifetime
{
    private NpgsqlDataSource _database = null!;
    private UserStore _users = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        _users = new UserStore(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task OfTwelveRegistrationsOfOneNameAtOnceExactlyOneSucceeds()
    {
        string[] spellings = ["bob", "Bob", "BOB", "boB"];
        var registrations = Enumerable.Range(0, 12).Select(n => _users.CreateAsync(Person.Named(spellings[n % 4]), Cancellation));
        var created = await Task.WhenAll(registrations);
        var id = Assert.Single(created, id => id is not null);
        Assert.Equal(id, (await _users.FindByUsernameAsync("bob", Cancellation))!.Id);
        Assert.Equal(1L, await CountAsync("users"));
    }

    [Fact]
    public async Task UserIsFoundInAnyLetterCaseAndKeepsTheOneChosen()
    {
        await _users.CreateAsync(Person.Named("BobBobson"), Cancellation);
        foreach (var spelling in (string[])["bobbobson", "BOBBOBSON", "BobBobson"])
        {
            Assert.Equal("BobBobson", (await _users.FindByUsernameAsync(spelling, Cancellation))!.Username);
            Assert.NotNull(await _users.FindForLoginAsync(spelling, Cancellation));
        }
    }

    [Fact]
    public async Task EmailInAnotherLetterCaseAndSamePhoneAreTaken()
    {
        var first = Person.Named("first");
        await _users.CreateAsync(first, Cancellation);
        Assert.Null(await _users.CreateAsync(Person.Named("second") with { Email = first.Email.ToUpperInvariant() }, Cancellation));
        Assert.Null(await _users.CreateAsync(Person.Named("third") with { PhoneNumber = first.PhoneNumber }, Cancellation));
        Assert.NotNull(await _users.CreateAsync(Person.Named("fourth"), Cancellation));
    }

    [Fact]
    public async Task EveryUserHasAHeadAndNoRefusedOneLeavesOne()
    {
        var first = Person.Named("first");
        await _users.CreateAsync(first, Cancellation);
        await _users.CreateAsync(first, Cancellation);
        Assert.Equal((1L, 1L), (await CountAsync("users"), await CountAsync("user_heads")));
    }

    [Fact]
    public async Task PasswordHashIsReplacedOnlyWhereItIsStillTheOldOne()
    {
        var id = (await _users.CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        await _users.UpdatePasswordHashAsync(id, "another", "newer", Cancellation);
        Assert.Equal("none", (await _users.FindForLoginAsync("bob", Cancellation))!.PasswordHash);
        await _users.UpdatePasswordHashAsync(id, "none", "newer", Cancellation);
        Assert.Equal("newer", (await _users.FindForLoginAsync("bob", Cancellation))!.PasswordHash);
    }

    [Theory]
    [InlineData("")]
    [InlineData("b")]
    [InlineData("bob\0")]
    [InlineData("bob\n")]
    [InlineData("\ud800bob")]
    [InlineData("bоb")] // with a Cyrillic o
    [InlineData("b%b")]
    public async Task NobodyHasAMalformedName(string name)
    {
        await _users.CreateAsync(Person.Named("bob"), Cancellation);
        Assert.Null(await _users.FindByUsernameAsync(name, Cancellation));
        Assert.Null(await _users.FindForLoginAsync(name, Cancellation));
    }

    [Fact]
    public async Task DirectoryRemembersUsersForAMinuteAndNobodyNotAtAll()
    {
        var time = new FakeTimeProvider();
        var directory = new UserDirectory(_users, time);
        Assert.Null(await directory.FindAsync("bob", Cancellation));
        var id = (await _users.CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        Assert.Equal(new UserRef(id, "bob"), await directory.FindAsync("BOB", Cancellation));

        await using var vanish = _database.CreateCommand("UPDATE users SET username = 'gone' WHERE username = 'bob'");
        await vanish.ExecuteNonQueryAsync(Cancellation);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(new UserRef(id, "bob"), await directory.FindAsync("Bob", Cancellation));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await directory.FindAsync("bob", Cancellation));
    }

    [Fact]
    public async Task DirectoryKeepsWhomItKnowsWhileTheDatabaseDoesNotAnswer()
    {
        var time = new FakeTimeProvider();
        var directory = new UserDirectory(_users, time);
        var id = (await _users.CreateAsync(Person.Named("bob"), Cancellation))!.Value;
        await directory.FindAsync("bob", Cancellation);
        await using (var hide = _database.CreateCommand("ALTER TABLE users RENAME TO hidden"))
            await hide.ExecuteNonQueryAsync(Cancellation);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(new UserRef(id, "bob"), await directory.FindAsync("BOB", Cancellation));
        await Assert.ThrowsAsync<PostgresException>(async () => await directory.FindAsync("alice", Cancellation));

        await using (var show = _database.CreateCommand("ALTER TABLE hidden RENAME TO users"))
            await show.ExecuteNonQueryAsync(Cancellation);
        await using (var vanish = _database.CreateCommand("UPDATE users SET username = 'gone'"))
            await vanish.ExecuteNonQueryAsync(Cancellation);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await directory.FindAsync("bob", Cancellation));
    }

    private async Task<long> CountAsync(string table)
    {
        await using var count = _database.CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await count.ExecuteScalarAsync(Cancellation))!;
    }
}
