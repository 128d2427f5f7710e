using Chatable.MigrationService;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.Tests.Migrations;

/// <summary>The services' database role can do their work and nothing else.</summary>
public sealed class ServiceRoleTests(PostgresServer postgres)
{
    private const string Password = "at least 12 characters";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Refused =>
    [
        "CREATE TABLE mine (id int)", "DROP TABLE users", "ALTER TABLE users ADD COLUMN mine int", "TRUNCATE envelopes",
        "CREATE INDEX mine ON users (first_name)", "CREATE SCHEMA mine", "CREATE ROLE mine", "CREATE DATABASE mine",
        $"INSERT INTO {Migrator.JournalTable} (scriptname, applied) VALUES ('mine', now())", $"DELETE FROM {Migrator.JournalTable}",
        "DELETE FROM messages", "DELETE FROM envelopes", "DELETE FROM users", "SELECT pg_read_file('postgresql.conf')",
        "ALTER SYSTEM SET fsync = off", "COPY users TO PROGRAM 'cat'",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task ItMayNot(string statement)
    {
        var (_, database, _) = await MigratedAsync(Cancelled);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(database, statement, Cancelled));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task ItReadsAndWritesRows()
    {
        var (_, database, _) = await MigratedAsync(Cancelled);

        await Sql.ExecuteAsync(
            database,
            """
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
            VALUES ('ann', 'ann@example.org', '1001', 'Ann', 'A', 'hash');
            INSERT INTO user_heads VALUES (1, 1);
            UPDATE user_heads SET last_seq = 2;
            SELECT * FROM user_heads FOR UPDATE;
            DELETE FROM auth_tokens;
            """,
            Cancelled);

        Assert.NotEmpty(await Sql.QueryAsync<string>(database, $"SELECT scriptname::text FROM {Migrator.JournalTable}", Cancelled));
    }

    [Fact]
    public async Task ARepeatedMigrationGivesItItsNewPassword()
    {
        const string NewPassword = "another one than before";
        var (administration, database, role) = await MigratedAsync(Cancelled);

        await MigrateAsync(administration, role, NewPassword, Cancelled);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(database, "SELECT 1", Cancelled));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        await Sql.ExecuteAsync(As(role, administration, NewPassword), "SELECT 1", Cancelled);
    }

    [Fact]
    public async Task MigrationsOfSeveralDatabasesMayMakeItAtOnce()
    {
        var role = NewRole();
        var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => postgres.CreateDatabaseAsync(Cancelled)));

        await Task.WhenAll(databases.Select(database => MigrateAsync(database, role, Password, Cancelled)));

        Assert.All(
            await Task.WhenAll(databases.Select(database => Sql.QueryAsync<string>(As(role, database), "SELECT current_user::text", Cancelled))),
            users => Assert.Equal(role, Assert.Single(users)));
    }

    [Theory]
    [InlineData("chatable", null)]
    [InlineData(null, Password)]
    [InlineData("Chatable", Password)]
    [InlineData("9chat", Password)]
    [InlineData("chat\";drop", Password)]
    [InlineData("chatable", "too short")]
    [InlineData("chatable", "p\u00e4ssw\u00f6rter with umlauts")]
    public void WhatCannotBeUsedIsRefusedAtTheStart(string? role, string? password)
    {
        using var host = MigrationRun.CreateBuilder("Host=localhost;Database=none", Settings(role, password)).Build();

        Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IOptions<MigrationOptions>>().Value);
    }

    private async Task<(string Administration, string Database, string Role)> MigratedAsync(CancellationToken cancellationToken)
    {
        var (administration, role) = (await postgres.CreateDatabaseAsync(cancellationToken), NewRole());
        await MigrateAsync(administration, role, Password, cancellationToken);
        return (administration, As(role, administration), role);
    }

    private static async Task MigrateAsync(string database, string role, string password, CancellationToken cancellationToken)
    {
        using var host = MigrationRun.CreateBuilder(database, Settings(role, password)).Build();
        await host.Services.GetRequiredService<Migrator>().RunAsync(cancellationToken);
    }

    private static KeyValuePair<string, string?>[] Settings(string? role, string? password) =>
        [new("Migrations:ServiceRole", role), new("Migrations:ServicePassword", password)];

    private static string NewRole() => $"service_{Guid.NewGuid():N}";

    private static string As(string role, string administration, string password = Password) =>
        new NpgsqlConnectionStringBuilder(administration) { Username = role, Password = password, Pooling = false }.ConnectionString;
}
