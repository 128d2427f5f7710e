using Chatable.Messaging.Users;
using Chatable.MigrationService;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Migrations;

/// <summary>A database whose locale has its own lowercase letter for I.</summary>
public sealed class LocaleTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NamesThatDifferInLetterCaseAreOneInATurkishDatabaseToo()
    {
        var database = await postgres.CreateTurkishDatabaseAsync(Cancelled);
        Assert.Equal(["ı"], await Sql.QueryAsync<string>(database, "SELECT lower('I')", Cancelled));
        await MigrationRun.ApplyAsync(database, null, Cancelled);
        await using var source = NpgsqlDataSource.Create(database);
        var users = new UserStore(source);

        var upper = Person.Named("IRISX") with { Email = "IRIS@EXAMPLE.COM" };
        var id = await users.CreateAsync(upper, Cancelled);
        Assert.NotNull(id);
        Assert.Null(await users.CreateAsync(Person.Named("irisx"), Cancelled));
        Assert.Null(await users.CreateAsync(Person.Named("other") with { Email = "iris@example.com" }, Cancelled));

        foreach (var spelling in (string[])["irisx", "IRISX", "IrIsX"])
        {
            Assert.Equal(id, (await users.FindByUsernameAsync(spelling, Cancelled))!.Id);
            Assert.Equal(id, (await users.FindForLoginAsync(spelling, Cancelled))!.Id);
            Assert.Equal(id, (await new UserDirectory(users, TimeProvider.System).FindAsync(spelling, Cancelled))!.Value.Id);
        }
    }

    [Fact]
    public async Task NamesAreFoundByTheIndex()
    {
        var database = await postgres.CreateTurkishDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(database, null, Cancelled);

        var plan = await Sql.QueryAsync<string>(
            database,
            """
            SET enable_seqscan = off;
            EXPLAIN SELECT id FROM users WHERE lower(username COLLATE "C") = lower('Ann' COLLATE "C")
            """,
            Cancelled);

        Assert.Contains(plan, line => line.Contains("users_username_key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task UsersThatCollideAlreadyStopTheMigrationWithAListAndNothingIsChanged()
    {
        var database = await postgres.CreateTurkishDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(
            database, [.. MigrationScript.Embedded.TakeWhile(script => script.Name != Migrator.LocaleFreeNames)], Cancelled);
        await Sql.ExecuteAsync(database, """
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
            VALUES ('IRISX', 'I@example.com', '1', 'a', 'b', 'c'), ('irisx', 'secret@example.com', '2', 'a', 'b', 'c'),
                   ('carol', 'i@example.com', '3', 'a', 'b', 'c'), ('Ilka', 'x@example.com', '4', 'a', 'b', 'c');
            """, Cancelled);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => MigrationRun.ApplyAsync(database, null, Cancelled));

        Assert.Contains(
            "Usernames: IRISX (user 1), irisx (user 2). Email addresses: users 1, 3.", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Ilka", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("@", refused.Message, StringComparison.Ordinal);

        await Sql.ExecuteAsync(
            database, "UPDATE users SET username = 'irisx_2' WHERE id = 2; UPDATE users SET email = 'c@example.com' WHERE id = 3", Cancelled);
        Assert.Contains(Migrator.LocaleFreeNames, await MigrationRun.ApplyAsync(database, null, Cancelled));
    }

    [Fact]
    public async Task IndexThatFoldsByTheLocaleIsRefused()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);
        await Sql.ExecuteAsync(
            database, "DROP INDEX users_username_key; CREATE UNIQUE INDEX users_username_key ON users (lower(username))", Cancelled);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => MigrationRun.ApplyAsync(database, null, Cancelled));

        Assert.Contains("users_username_key", refused.Message, StringComparison.Ordinal);
    }
}
