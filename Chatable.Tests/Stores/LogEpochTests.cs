using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Proxy;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Stores;

/// <summary>A PostgreSQL that is replaced by an asynchronous standby that lacks its end, or by its own backup.</summary>
public sealed class LogEpochTests : IAsyncLifetime
{
    private FaultPostgres _postgres = null!;
    private MessagesDatabase _database = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;
    private UserRow _eve = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private EnvelopeStore Log => new(_database.Source);

    public async ValueTask InitializeAsync()
    {
        _postgres = await FaultPostgres.StartAsync(diskMegabytes: 0, Token);
        _database = new MessagesDatabase(FaultPostgres.ConnectionStringBy(_postgres.Address));
        (_ann, _ben, _eve) = await _database.AddUsersAsync(3) is [var ann, var ben, var eve] ? (ann, ben, eve) : default;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task WhoIsNotBeyondTheEndOfAPromotedStandbyGoesOnInTheNextEpoch()
    {
        var before = await FailOverAfterAsync(kept: 2, lost: 2);

        var head = await Log.LogHeadAsync(_ann.Id, before.Epoch, Token);
        Assert.NotEqual(before.LogEpoch, head.LogEpoch);
        Assert.True(head.EpochNumber > before.EpochNumber);
        Assert.Equal((2L, 2L), (head.Seq, head.SharedUntil));
        Assert.True(head.Honours(2, before.Epoch));
        Assert.False(head.Honours(3, before.Epoch));

        await StoreAsync(3);
        var later = await Log.LogHeadAsync(_ann.Id, before.Epoch, Token);
        Assert.Equal((head.LogEpoch, 5L, 2L), (later.LogEpoch, later.Seq, later.SharedUntil));
        Assert.True(later.Honours(2, before.Epoch));
        Assert.False(later.Honours(3, before.Epoch));
        Assert.True(later.Honours(5, later.Epoch));
        Assert.Equal(0, (await Log.LogHeadAsync(_eve.Id, before.Epoch, Token)).SharedUntil);
        Assert.Null((await Log.LogHeadAsync(_ann.Id, Guid.NewGuid(), Token)).SharedUntil);
    }

    [Fact]
    public async Task AWorkerThatIsFirstBeginsTheEpochAndSaysSo()
    {
        var before = await FailOverAfterAsync(kept: 1, lost: 1);

        // Several at once: one begins the epoch, the others wait and find it.
        var stored = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StoreAsync(1)));

        var epoch = Assert.Single(stored.SelectMany(some => some).Select(one => one.Epoch).Distinct());
        Assert.True(epoch > before.EpochNumber);
        Assert.Equal(epoch, (await Log.LogHeadAsync(_ann.Id, known: null, Token)).EpochNumber);
        Assert.Equal(1L, await _database.ScalarAsync<long>("SELECT count(*) FROM past_log_epochs"));
        var page = await Log.ReadAsync(_ann.Id, Guid.Empty, after: 1, limit: 10, Token);
        Assert.Equal((epoch, 5L), (page.Head.EpochNumber, page.Head.Seq));
        Assert.Equal([2L, 3L, 4L, 5L], page.Entries.Select(entry => entry.Seq));
    }

    [Fact]
    public async Task ARestartBeginsNoEpoch()
    {
        await StoreAsync(1);
        var before = await Log.LogHeadAsync(_ann.Id, known: null, Token);
        await _postgres.CrashAsync(Token);
        await _postgres.Node.RestartAsync(Token);
        await ConnectAnewAsync();

        Assert.Equal(before, await Log.LogHeadAsync(_ann.Id, known: null, Token));
    }

    [Fact]
    public async Task ARestoredBackupHasTheEpochItHadUntilAnOperatorBeginsAnother()
    {
        await StoreAsync(1);
        await _postgres.BackUpAsync(Token);
        await StoreAsync(2);
        var before = await Log.LogHeadAsync(_ann.Id, known: null, Token);
        Assert.Equal(3, before.Seq);

        await _postgres.RestoreAsync(Token);
        await ConnectAnewAsync();
        var restored = await Log.LogHeadAsync(_ann.Id, before.Epoch, Token);
        Assert.Equal((before.LogEpoch, 1L), (restored.LogEpoch, restored.Seq));

        var (ended, begun) = await LogEpochs.RenewAsync(_database.Source, Token);
        var renewed = await Log.LogHeadAsync(_ann.Id, before.Epoch, Token);
        Assert.Equal((before.Epoch, begun), (ended, renewed.Epoch));
        Assert.True(renewed.EpochNumber > before.EpochNumber);
        Assert.Null(renewed.SharedUntil);
        Assert.False(renewed.Honours(1, before.Epoch));
    }

    // A promotion before the operator's command recorded the restored log's epoch as continued.
    [Fact]
    public async Task ARenewalAlsoEndsTheEpochsBeforeAPromotion()
    {
        var before = await FailOverAfterAsync(kept: 2, lost: 1);
        Assert.True((await Log.LogHeadAsync(_ann.Id, before.Epoch, Token)).Honours(2, before.Epoch));

        await LogEpochs.RenewAsync(_database.Source, Token);

        Assert.Null((await Log.LogHeadAsync(_ann.Id, before.Epoch, Token)).SharedUntil);
    }

    [Fact]
    public async Task WhatAWorkerOfBeforeWritesAfterwardsIsNotSharedWithAnEpochThatHasEnded()
    {
        var before = await FailOverAfterAsync(kept: 2, lost: 2);
        await StoreAsync(1);

        await using (var command = _database.Source.CreateCommand("UPDATE envelopes SET epoch_number = DEFAULT WHERE user_id = $1 AND seq = 3"))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = _ann.Id });
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Token));
        }

        Assert.Equal(2, (await Log.LogHeadAsync(_ann.Id, before.Epoch, Token)).SharedUntil);
    }

    [Fact]
    public async Task AStandbyTellsNoHead()
    {
        await _postgres.AddAsynchronousStandbyAsync(Token);
        await using var standby = NpgsqlDataSource.Create(_postgres.Standby!.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => new EnvelopeStore(standby).LogHeadAsync(_ann.Id, null, Token));

        Assert.Equal(PostgresErrorCodes.ObjectNotInPrerequisiteState, refused.SqlState);
    }

    // Returns the head of the log when the primary died.
    private async Task<LogHead> FailOverAfterAsync(int kept, int lost)
    {
        await _postgres.AddAsynchronousStandbyAsync(Token);
        await StoreAsync(kept);
        await _postgres.WaitForStandbyAsync(Token);
        _postgres.ToStandby.Down = new Toxics { BlackHole = true };
        await StoreAsync(lost);
        var head = await Log.LogHeadAsync(_ann.Id, known: null, Token);
        Assert.Equal(kept + lost, head.Seq);
        await _postgres.FailOverAsync(Token);
        await ConnectAnewAsync();
        return head;
    }

    private async Task ConnectAnewAsync()
    {
        await _database.DisposeAsync();
        _database = new MessagesDatabase(FaultPostgres.ConnectionStringBy(_postgres.Address));
    }

    private async Task<IReadOnlyList<EntryStored>> StoreAsync(int count) =>
        [.. (await _database.Store.PersistAsync([.. Enumerable.Range(0, count).Select(_ => Entry(_ann, _ben))], Token)).Cast<EntryStored>()];
}
