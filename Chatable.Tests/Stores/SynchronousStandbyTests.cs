using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Support;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Stores;

/// <summary>A PostgreSQL whose commits wait for a standby: a message that the standby may lack is never reported as stored.</summary>
public sealed class SynchronousStandbyTests : IAsyncLifetime
{
    private const string Waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

    private FaultPostgres _primary = null!;
    private MessagesDatabase _database = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private FaultStandby Standby => _primary.Standby!;

    public async ValueTask InitializeAsync()
    {
        _primary = await FaultPostgres.StartAsync(diskMegabytes: 0, Token);
        await _primary.AddSynchronousStandbyAsync(Token);
        _database = new MessagesDatabase(FaultPostgres.ConnectionStringBy(_primary.Address));
        (_ann, _ben) = await _database.AddUsersAsync(2) is [var ann, var ben] ? (ann, ben) : default;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _primary.DisposeAsync();
    }

    [Fact]
    public async Task WhatIsStoredIsOnTheStandby()
    {
        await _database.Store.PersistAsync([Entry(_ann, _ben)], Token);

        Assert.Equal(1, await CountOnStandbyAsync());
    }

    [Fact]
    public async Task ABatchThatIsGivenUpIsNotCommittedByThat()
    {
        Standby.Freeze();
        var entry = Entry(_ann, _ben);

        await Assert.ThrowsAsync<OperationCanceledException>(() => PersistForAMomentAsync(entry));
        // It still waits and holds its locks.
        var failure = await Assert.ThrowsAsync<PostgresException>(() => _database.Store.PersistAsync([entry], Token));
        Assert.Equal(PostgresErrorCodes.LockNotAvailable, failure.SqlState);
        Assert.Equal(0, await _database.CountMessagesAsync());

        Standby.Thaw();
        await BecomesRepeatedAsync(entry);
        Assert.Equal(1, await CountOnStandbyAsync());
    }

    [Fact]
    public async Task ABatchThatIsNotAnsweredInTimeIsNotCommittedByThat()
    {
        Standby.Freeze();
        var entry = Entry(_ann, _ben);

        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => _database.Store.PersistAsync([entry], Token));

        Assert.IsType<TimeoutException>(failure.InnerException);
        Assert.Equal(PersistFailure.Transient, PersistFailures.Classify(failure));
        Assert.Equal(0, await _database.CountMessagesAsync());
    }

    [Fact]
    public async Task WhereAnOperatorEndsTheWaitItIsNotSaidToBeStored()
    {
        Standby.Freeze();
        var persisting = _database.Store.PersistAsync([Entry(_ann, _ben)], Token);
        await EndTheWaitAsync("pg_cancel_backend");

        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => persisting);
        Assert.Equal(PersistFailure.Transient, PersistFailures.Classify(failure));
        Assert.Equal(1, await _database.CountMessagesAsync());
    }

    [Fact]
    public async Task ARepeatWaitsForTheStandbyAsTheFirstDid()
    {
        var entry = Entry(_ann, _ben);
        await CommitOnThePrimaryAloneAsync(entry);

        await Assert.ThrowsAsync<OperationCanceledException>(() => PersistForAMomentAsync(entry));

        Standby.Thaw();
        await BecomesRepeatedAsync(entry);
        Assert.Equal(1, await CountOnStandbyAsync());
    }

    [Theory]
    [InlineData("off")]
    [InlineData("local")]
    [InlineData("remote_write")]
    public async Task ARepeatWaitsWhateverTheServersOwnSettingIs(string synchronousCommit)
    {
        await _primary.ExecuteAsync(
            $"ALTER DATABASE {FaultPostgres.Database} SET synchronous_commit = {synchronousCommit};"
            + $"ALTER DATABASE {FaultPostgres.Database} SET client_min_messages = error", Token);
        NpgsqlConnection.ClearAllPools();
        _database.Source.Clear();
        var entry = Entry(_ann, _ben);
        await CommitOnThePrimaryAloneAsync(entry);

        await Assert.ThrowsAsync<OperationCanceledException>(() => PersistForAMomentAsync(entry));
    }

    [Fact]
    public async Task ALookFindsNothingThatTheStandbyMayNotHave()
    {
        var entry = Entry(_ann, _ben);
        await CommitOnThePrimaryAloneAsync(entry);
        var lookup = new MessageLookup(_database.Source);
        using var moment = Moment();

        var first = lookup.FindAsync(_ann.Id, entry.ClientId, moment.Token);
        await Eventually.HoldsAsync(() => _primary.HoldsAsync($"SELECT 1 {Waiting}", Token), "the lookup waits", Token);
        Assert.Null(await lookup.FindAsync(_ann.Id, entry.ClientId, Token));
        await Assert.ThrowsAsync<OperationCanceledException>(() => first);

        Standby.Thaw();
        await Eventually.HoldsAsync(
            async () => await lookup.FindAsync(_ann.Id, entry.ClientId, Token) is { } found && found.Place.MessageId == entry.MessageId,
            "the message is found", Token);
        Assert.Equal(1, await CountOnStandbyAsync());
    }

    // As after a restart of the primary, or if somebody terminates the waiting sessions.
    private async Task CommitOnThePrimaryAloneAsync(IntakeEntry entry)
    {
        Standby.Freeze();
        var persisting = _database.Store.PersistAsync([entry], Token);
        await EndTheWaitAsync("pg_terminate_backend");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => persisting);
        Assert.Equal(1, await _database.CountMessagesAsync());
    }

    private Task EndTheWaitAsync(string how) => Eventually.HoldsAsync(
        () => _primary.HoldsAsync($"SELECT {how}(pid) {Waiting}", Token), "a commit waits for the standby", Token);

    private async Task PersistForAMomentAsync(IntakeEntry entry)
    {
        using var moment = Moment();
        await _database.Store.PersistAsync([entry], moment.Token);
    }

    private static CancellationTokenSource Moment()
    {
        var moment = CancellationTokenSource.CreateLinkedTokenSource(Token);
        moment.CancelAfter(TimeSpan.FromSeconds(1));
        return moment;
    }

    private Task BecomesRepeatedAsync(IntakeEntry entry) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                return await _database.Store.PersistAsync([entry], Token) is [CommandRepeated];
            }
            catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.LockNotAvailable)
            {
                return false;
            }
        },
        "the message is reported as stored", Token);

    private async Task<long> CountOnStandbyAsync() =>
        (await Sql.QueryAsync<long>(Standby.ConnectionString, "SELECT count(*) FROM messages", Token))[0];
}
