using System.Diagnostics;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

public sealed class DeliveryPathTests(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    private FanoutWorld _world = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _world = await FanoutWorld.CreateAsync(postgres, redis);
        (_ann, _ben) = await _world.Database.AddUsersAsync(2) is [var ann, var ben] ? (ann, ben) : default;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task MessageIsStoredAndToldToTheServersOfBothPartiesAndOfItsOriginOnly()
    {
        var worker = _world.StartWorker("w1");
        var (anns, bens) = (await _world.AddServerAsync(_ann), await _world.AddServerAsync(_ben));
        var uninvolved = await _world.AddServerAsync();
        var origin = await _world.AddServerAsync();
        var trace = new TraceParent(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var entry = Entry(_ann, _ben, "hello-1") with { Origin = new Origin(origin, 42), Trace = trace };
        await _world.SendAsync(entry);

        foreach (var server in (Guid[])[anns, bens, origin])
        {
            var stored = Assert.IsType<MessageStored>(Assert.Single(await _world.ReceiveAsync(server, 1)));
            Assert.Equal((entry.MessageId, entry.Origin, trace.TraceId), (stored.Message.MessageId, stored.Origin, stored.Trace.TraceId));
            Assert.NotEqual(trace.SpanId, stored.Trace.SpanId);
            Assert.Equal([new Recipient(_ann.Id, 1), new Recipient(_ben.Id, 1)], stored.Recipients);
        }

        Assert.Equal(1, await _world.Database.CountMessagesAsync());
        Assert.Empty(await _world.ReceiveAsync(uninvolved, 0));
        await _world.WaitForAsync(async () => await _world.IntakeLengthAsync() == 0);
        await _world.WaitForAsync(async () => await worker.GetAsync("/health", Token) == "Healthy");
        Assert.DoesNotContain("hello", worker.Output);
    }

    [Fact]
    public async Task RepeatAndRefusalAreToldToTheirOrigin()
    {
        _world.StartWorker("w1");
        var origin = await _world.AddServerAsync();
        await _world.SendAsync(
            Entry(_ann, _ben, "one") with { Origin = new Origin(origin, 1) },
            Entry(_ann, _ben, "one") with { Origin = new Origin(origin, 2) },
            Entry(_ann, _ben, "three", after: "two") with { Origin = new Origin(origin, 3) });

        var items = await _world.ReceiveAsync(origin, 3);
        Assert.Equal(1, Assert.IsType<MessageStored>(items[0]).Origin.ConnectionId);
        var repeated = Assert.IsType<MessageRepeated>(items[1]);
        Assert.Equal((2, 1, 1), (repeated.Origin.ConnectionId, repeated.ConversationSeq, repeated.AuthorSeq));
        var refused = Assert.IsType<MessageRefused>(items[2]);
        Assert.Equal(("three", RefusalCode.OutOfOrder, 3), (refused.ClientId.Text, refused.Code, refused.Origin.ConnectionId));
    }

    [Fact]
    public async Task WhatCannotBeStoredGoesAmongTheDeadLettersAndTheRestGoesOn()
    {
        var origin = await _world.AddServerAsync(_ben);
        var good = Entry(_ann, _ben, "good-1");
        var partition = _world.PartitionOf(good);
        var invalid = Entry(_ann, _ben, "invalid") with { Body = new byte[] { 0xC0, 0x80 }, Origin = new Origin(origin, 7) };
        var unknown = Entry(_ann, new UserRow(987_654_321, "nobody"), "unknown") with { Origin = new Origin(origin, 8) };
        byte[][] entries = [[1, 2, 3], [], good.Encode(), invalid.Encode(), unknown.Encode(), Entry(_ben, _ann, "good-2").Encode()];
        await _world.Log.AppendAsync(partition, [.. entries], Token);
        _world.StartWorker("w1");

        var items = await _world.ReceiveAsync(origin, 4);
        Assert.Equal(["good-1", "good-2"], items.OfType<MessageStored>().Select(item => item.Message.ClientId.Text));
        Assert.Equal(
            [("invalid", RefusalCode.Invalid), ("unknown", RefusalCode.Invalid)],
            items.OfType<MessageRefused>().Select(item => (item.ClientId.Text, item.Code)));
        var letters = await _world.DeadLettersAsync(partition);
        Assert.Equal(["undecodable", "undecodable", "22021", "unknown_user"], letters.Select(letter => letter["error"].ToString()));
        Assert.Equal(entries[3], (byte[]?)letters[2]["m"]);
        await MessagesInvariants.AssertAsync(_world.Database);
    }

    [Fact]
    public async Task RefusalIsToldThoughTheRestOfItsBatchCannotBeStoredYet()
    {
        var origin = await _world.AddServerAsync(_ben);
        await ExecuteAsync(
            "CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$");
        await ExecuteAsync(
            "CREATE TRIGGER busy BEFORE INSERT ON messages FOR EACH ROW WHEN (new.body = 'later') EXECUTE FUNCTION busy()");
        var unknown = Entry(_ann, new UserRow(987_654_321, "nobody"), "unknown") with { Origin = new Origin(origin, 8) };
        var later = Entry(_ann, _ben, "later") with { Body = "later"u8.ToArray() };
        await _world.Log.AppendAsync(_world.PartitionOf(later), [unknown.Encode(), later.Encode()], Token);
        _world.StartWorker("w1");

        Assert.Equal("unknown", Assert.IsType<MessageRefused>(Assert.Single(await _world.ReceiveAsync(origin, 1))).ClientId.Text);
        await ExecuteAsync("DROP TRIGGER busy ON messages");
        var items = await _world.ReceiveAsync(origin, 2);
        Assert.Equal(2, items.Count);
        Assert.Equal("later", Assert.IsType<MessageStored>(items[1]).Message.ClientId.Text);
    }

    [Fact]
    public async Task FailureOfNoKnownKindIsTriedFiveTimesBeforeItsEntryIsBlamed()
    {
        var first = Entry(_ann, _ben, "first");
        await _world.SendAsync(first, Entry(_ann, _ben, "thief") with { MessageId = first.MessageId }, Entry(_ann, _ben, "last"));
        _world.StartWorker("w1");

        await _world.WaitForAsync(async () => await _world.Database.CountMessagesAsync() == 2);
        var letter = Assert.Single(await _world.DeadLettersAsync(_world.PartitionOf(first)));
        Assert.Equal(("23505", "5"), (letter["error"].ToString(), letter["attempts"].ToString()));
        await MessagesInvariants.AssertAsync(_world.Database);
    }

    [Fact]
    public async Task WithoutTheDatabaseEntriesWaitAndNothingIsToldUntilItIsBack()
    {
        var server = await _world.AddServerAsync(_ann, _ben);
        var worker = _world.StartWorker("w1");
        await _world.SendAsync(Entry(_ann, _ben));
        await _world.ReceiveAsync(server, 1);

        await AllowConnectionsAsync(false);
        await _world.SendAsync([.. Enumerable.Range(0, 50).Select(_ => Entry(_ann, _ben))]);
        await _world.WaitForAsync(() => Task.FromResult(worker.Output.Contains("a batch failed", StringComparison.Ordinal)));
        Assert.Equal(50, await _world.IntakeLengthAsync());
        Assert.Single(await _world.ReceiveAsync(server, 1));

        await AllowConnectionsAsync(true);
        await _world.ReceiveAsync(server, 51);
        Assert.Equal(51, await _world.Database.CountMessagesAsync());
    }

    [Fact]
    public async Task WorkerOfAnotherLayoutEndsWithAFailureThatSaysWhy()
    {
        await _world.Log.EnsurePartitionsAsync(Token);
        var worker = _world.StartWorker("w1", ("Intake__Partitions", "4"));
        Assert.Equal(1, await worker.WaitForExitAsync(Token));
        Assert.Contains("Intake:Partitions is 4, but the intake in Redis is laid out in 16 partitions", worker.Output);
        Assert.Empty(await _world.LeasesAsync());
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _world.Database.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task AllowConnectionsAsync(bool allowed)
    {
        var builder = new NpgsqlConnectionStringBuilder(_world.Database.ConnectionString);
        var name = builder.Database;
        builder.Database = "postgres";
        await using var source = NpgsqlDataSource.Create(builder);
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        await batch.ExecuteNonQueryAsync(Token);
        // The test's own connections to it are gone too.
        _world.Database.Source.Clear();
    }
}
