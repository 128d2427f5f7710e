using Chatable.MigrationService;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Chatable.Tests.Migrations;

public sealed class MigrationLockTests(PostgresServer postgres)
{
    // The view shows the locks of the whole server, including other tests' databases.
    private const string Waiting = """
        SELECT count(*) > 0 FROM pg_locks
        WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private const string ScriptWaits = """
        SELECT count(*) > 0 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%CREATE TABLE%' AND pid <> pg_backend_pid()
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AMigratorWaitsForAnotherOnlySoLong()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await using var other = await HoldLockAsync(database);
        using var host = Build(database, lockTimeout: "00:00:00.1");
        var migrator = host.Services.GetRequiredService<Migrator>();

        var refused = await Assert.ThrowsAsync<MigrationException>(() => migrator.RunAsync(Cancelled));
        await ReleaseLockAsync(other);

        Assert.Contains("Another migration", refused.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationScript.Embedded.Count, (await migrator.RunAsync(Cancelled)).Count);
    }

    [Fact]
    public async Task AMigratorThatWaitsStopsWhenTold()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await using var other = await HoldLockAsync(database);
        using var host = Build(database, lockTimeout: "00:10:00");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);

        var run = host.Services.GetRequiredService<Migrator>().RunAsync(stop.Token);
        while (!(await Sql.QueryAsync<bool>(database, Waiting, Cancelled))[0])
            Assert.False(run.IsCompleted);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Theory]
    [InlineData(Signals.Terminate)]
    [InlineData(Signals.Kill)]
    public async Task AfterAMigratorDiedNobodyBeginsUntilItsScriptIsUndone(int signal)
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await using var other = new NpgsqlConnection(database);
        await other.OpenAsync(Cancelled);
        await using var inTheWay = await other.BeginTransactionAsync(Cancelled);
        await using (var create = new NpgsqlCommand("CREATE TABLE users (in_the_way int)", other, inTheWay))
            await create.ExecuteNonQueryAsync(Cancelled);

        // It waits for us in the middle of its first script, and PostgreSQL goes on waiting after it is dead.
        var died = await MigrationProcess.RunAsync(
            database,
            async process =>
            {
                await Eventually.HoldsAsync(
                    async () => (await Sql.QueryAsync<bool>(database, ScriptWaits, Cancelled))[0], "the script waits", Cancelled);
                Signals.Send(process, signal);
            },
            Cancelled);
        Assert.NotEqual(0, died.ExitCode);

        using var host = Build(database, lockTimeout: "00:00:00.1");
        var next = host.Services.GetRequiredService<Migrator>();
        var refused = await Assert.ThrowsAsync<MigrationException>(() => next.RunAsync(Cancelled));
        Assert.Contains("Another migration", refused.Message, StringComparison.Ordinal);

        using var patient = Build(database, lockTimeout: "00:01:00");
        var waiting = patient.Services.GetRequiredService<Migrator>().RunAsync(Cancelled);
        await inTheWay.RollbackAsync(Cancelled);
        Assert.Equal(MigrationScript.Embedded.Count, (await waiting).Count);
    }

    [Fact]
    public async Task ARunLeavesTheLockFreeForTheNext()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        using var first = Build(database, lockTimeout: "00:00:00.1");
        using var second = Build(database, lockTimeout: "00:00:00.1");

        // The first host stays alive with its connection pool.
        await first.Services.GetRequiredService<Migrator>().RunAsync(Cancelled);

        Assert.Empty(await second.Services.GetRequiredService<Migrator>().RunAsync(Cancelled));
    }

    private static IHost Build(string database, string lockTimeout) =>
        MigrationRun.CreateBuilder(database, KeyValuePair.Create("Migrations:LockTimeout", (string?)lockTimeout)).Build();

    private static async Task<NpgsqlConnection> HoldLockAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancelled);
        await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(x'6368617461626C65'::bigint)", connection);
        await hold.ExecuteNonQueryAsync(Cancelled);
        return connection;
    }

    private static async Task ReleaseLockAsync(NpgsqlConnection connection)
    {
        await using var release = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
        await release.ExecuteNonQueryAsync(Cancelled);
    }
}
