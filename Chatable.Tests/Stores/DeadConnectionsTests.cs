using System.Net;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Messages;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Stores;

/// <summary>A pool whose connections have all died without notice, as after a restart of PostgreSQL.</summary>
public sealed class DeadConnectionsTests(PostgresServer server)
{
    private const int Connections = 5;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadsGoOnWhereTheServerWentWithoutAWord()
    {
        var connectionString = await server.CreateMigratedDatabaseAsync(Cancellation);
        await using var proxy = FaultProxy.Start(AddressOf(connectionString));
        await using var database = NpgsqlDataSource.Create(Through(proxy, connectionString));
        await FillAsync(database);
        proxy.Reset();

        Assert.Equal(0, await new EnvelopeStore(database).HeadAsync(1, Cancellation));
    }

    [Fact]
    public async Task ReadsGoOnWhereTheServerHasEndedTheSessions()
    {
        var connectionString = await server.CreateMigratedDatabaseAsync(Cancellation);
        await using var database = NpgsqlDataSource.Create(connectionString);
        await FillAsync(database);
        await EndSessionsAsync(connectionString);

        Assert.Equal(0, await new EnvelopeStore(database).HeadAsync(1, Cancellation));
    }

    [Fact]
    public async Task ABatchFailsOnceAndNotForEachDeadConnection()
    {
        await using var direct = await MessagesDatabase.CreateAsync(server);
        var users = await direct.AddUsersAsync(2);
        await using var proxy = FaultProxy.Start(AddressOf(direct.ConnectionString));
        await using var database = NpgsqlDataSource.Create(Through(proxy, direct.ConnectionString));
        await FillAsync(database);
        proxy.Reset();
        var (store, entry) = (new MessageStore(database), MessagesDatabase.Entry(users[0], users[1]));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => store.PersistAsync([entry], Cancellation));
        Assert.Single(await store.PersistAsync([entry], Cancellation));
        Assert.Equal(1, await direct.CountMessagesAsync());
    }

    [Fact]
    public async Task ASessionThatHasLostItsPreparedStatementsFailsOneBatchAndNoMore()
    {
        await using var direct = await MessagesDatabase.CreateAsync(server);
        var users = await direct.AddUsersAsync(2);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(direct.ConnectionString) { MaxPoolSize = 1 }.ConnectionString);
        var store = new MessageStore(database);
        await store.PersistAsync([MessagesDatabase.Entry(users[0], users[1])], Cancellation);
        await using (var command = database.CreateCommand("DEALLOCATE ALL"))
            await command.ExecuteNonQueryAsync(Cancellation);

        var failure = await Assert.ThrowsAsync<PostgresException>(
            () => store.PersistAsync([MessagesDatabase.Entry(users[0], users[1])], Cancellation));
        Assert.Equal(PostgresErrorCodes.InvalidSqlStatementName, failure.SqlState);
        Assert.Equal(PersistFailure.Transient, PersistFailures.Classify(failure));
        Assert.Single(await store.PersistAsync([MessagesDatabase.Entry(users[0], users[1])], Cancellation));
        Assert.Equal(2, await direct.CountMessagesAsync());
    }

    [Fact]
    public async Task AServerThatIsAwayIsSaidToBe()
    {
        var connectionString = await server.CreateMigratedDatabaseAsync(Cancellation);
        await using var proxy = FaultProxy.Start(AddressOf(connectionString));
        await using var database = NpgsqlDataSource.Create(Through(proxy, connectionString));
        await FillAsync(database);
        proxy.Refuses = true;
        proxy.Reset();

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => new EnvelopeStore(database).HeadAsync(1, Cancellation));
        proxy.Heal();
        Assert.Equal(0, await new EnvelopeStore(database).HeadAsync(1, Cancellation));
    }

    private static async Task FillAsync(NpgsqlDataSource database)
    {
        var open = new List<NpgsqlConnection>();
        for (var i = 0; i < Connections; i++)
            open.Add(await database.OpenConnectionAsync(Cancellation));
        foreach (var connection in open)
            await connection.DisposeAsync();
    }

    private static async Task EndSessionsAsync(string connectionString)
    {
        await using var killer = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await killer.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
            + "WHERE pid <> pg_backend_pid() AND datname = current_database()", killer);
        Assert.Equal((long)Connections, await command.ExecuteScalarAsync(Cancellation));
    }

    private static IPEndPoint AddressOf(string connectionString) =>
        new(IPAddress.Loopback, new NpgsqlConnectionStringBuilder(connectionString).Port);

    private static string Through(FaultProxy proxy, string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Port = proxy.Address.Port }.ConnectionString;
}
