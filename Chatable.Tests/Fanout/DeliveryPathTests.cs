using System.Diagnostics;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

public sealed class DeliveryPathTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    [Fact]
    public async Task MessageIsStoredAndToldToTheServersOfBothPartiesAndOfItsOriginOnly()
    {
        var worker = World.StartWorker("w1", ("OTEL_TRACES_SAMPLER", "always_on"));
        var (anns, bens) = (await World.AddServerAsync(Ann), await World.AddServerAsync(Ben));
        var uninvolved = await World.AddServerAsync();
        var origin = await World.AddServerAsync();
        var trace = new TraceParent(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var entry = Entry(Ann, Ben, "hello-1") with { Origin = new Origin(origin, 42), Trace = trace };
        await World.SendAsync(entry);

        foreach (var server in (Guid[])[anns, bens, origin])
        {
            var stored = Assert.IsType<EntryStored>(Assert.Single(await World.ReceiveAsync(server, 1)));
            Assert.Equal((entry.MessageId, entry.Origin, trace.TraceId), (stored.Place().MessageId, stored.Origin, stored.Trace.TraceId));
            Assert.NotEqual(trace.SpanId, stored.Trace.SpanId);
            Assert.Equal([new Recipient(Ann.Id, 1), new Recipient(Ben.Id, 1)], stored.Recipients);
        }

        Assert.Equal(1, await World.Database.CountMessagesAsync());
        Assert.Empty(await World.ReceiveAsync(uninvolved, 0));
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        await World.WaitForAsync(async () => await worker.GetAsync("/health", Token) == "Healthy");
        Assert.DoesNotContain("hello", worker.Output);
    }

    [Fact]
    public async Task RepeatAndRefusalAreToldToTheirOrigin()
    {
        World.StartWorker("w1");
        var origin = await World.AddServerAsync();
        await World.SendAsync(
            Entry(Ann, Ben, "one") with { Origin = new Origin(origin, 1) },
            Entry(Ann, Ben, "one") with { Origin = new Origin(origin, 2) },
            Entry(Ann, Ben, "three", after: "two") with { Origin = new Origin(origin, 3) });

        var items = await World.ReceiveAsync(origin, 3);
        Assert.Equal(1, Assert.IsType<EntryStored>(items[0]).Origin.ConnectionId);
        var repeated = Assert.IsType<CommandRepeated>(items[1]);
        Assert.Equal((2, 1, 1), (repeated.Origin.ConnectionId, repeated.Place().ConversationSeq, repeated.ActorSeq));
        var refused = Assert.IsType<CommandRefused>(items[2]);
        Assert.Equal(("three", RefusalCode.OutOfOrder, 3), (refused.CommandId.Text, refused.Code, refused.Origin.ConnectionId));
    }

    [Fact]
    public async Task WhatCannotBeStoredGoesAmongTheDeadLettersAndTheRestGoesOn()
    {
        var origin = await World.AddServerAsync(Ben);
        var good = Entry(Ann, Ben, "good-1");
        var partition = World.PartitionOf(good);
        var invalid = Entry(Ann, Ben, "invalid") with { Body = new byte[] { 0xC0, 0x80 }, Origin = new Origin(origin, 7) };
        var unknown = Entry(Ann, new UserRow(987_654_321, "nobody"), "unknown") with { Origin = new Origin(origin, 8) };
        byte[][] entries = [[1, 2, 3], [], good.Encode(), invalid.Encode(), unknown.Encode(), Entry(Ben, Ann, "good-2").Encode()];
        await World.Log.AppendAsync(partition, [.. entries], Token);
        World.StartWorker("w1");

        var items = await World.ReceiveAsync(origin, 4);
        Assert.Equal(["good-1", "good-2"], items.OfType<EntryStored>().Select(item => item.Entry.CommandId.Text));
        Assert.Equal(
            [("invalid", RefusalCode.Invalid), ("unknown", RefusalCode.Invalid)],
            items.OfType<CommandRefused>().Select(item => (item.CommandId.Text, item.Code)));
        var letters = await World.DeadLettersAsync(partition);
        Assert.Equal(["undecodable", "undecodable", "22021", "unknown_user"], letters.Select(letter => letter["error"].ToString()));
        Assert.Equal(entries[3], (byte[]?)letters[2]["m"]);
        await MessagesInvariants.AssertAsync(World.Database);
    }

    [Fact]
    public async Task RefusalIsToldThoughTheRestOfItsBatchCannotBeStoredYet()
    {
        var origin = await World.AddServerAsync(Ben);
        await ExecuteAsync(
            "CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$");
        await ExecuteAsync(
            "CREATE TRIGGER busy BEFORE INSERT ON messages FOR EACH ROW WHEN (new.body = 'later') EXECUTE FUNCTION busy()");
        var unknown = Entry(Ann, new UserRow(987_654_321, "nobody"), "unknown") with { Origin = new Origin(origin, 8) };
        var later = Entry(Ann, Ben, "later") with { Body = "later"u8.ToArray() };
        await World.Log.AppendAsync(World.PartitionOf(later), [unknown.Encode(), later.Encode()], Token);
        World.StartWorker("w1");

        Assert.Equal("unknown", Assert.IsType<CommandRefused>(Assert.Single(await World.ReceiveAsync(origin, 1))).CommandId.Text);
        await ExecuteAsync("DROP TRIGGER busy ON messages");
        var items = await World.ReceiveAsync(origin, 2);
        Assert.Equal(2, items.Count);
        Assert.Equal("later", Assert.IsType<EntryStored>(items[1]).Entry.CommandId.Text);
    }

    [Fact]
    public async Task FailureOfNoKnownKindIsTriedFiveTimesBeforeItsEntryIsBlamed()
    {
        await ExecuteAsync("CREATE UNIQUE INDEX of_another ON messages (body)");
        var first = Entry(Ann, Ben, body: "the same");
        await World.SendAsync(first, Entry(Ann, Ben, body: "the same"), Entry(Ann, Ben, body: "another"));
        World.StartWorker("w1");

        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 2);
        var letter = Assert.Single(await World.DeadLettersAsync(World.PartitionOf(first)));
        Assert.Equal(("23505", "5"), (letter["error"].ToString(), letter["attempts"].ToString()));
        await MessagesInvariants.AssertAsync(World.Database);
    }

    [Fact]
    public async Task FailureOfTheDatabaseItselfBlamesNoEntryHoweverOftenItComesAndCallsForSomebody()
    {
        await using var collector = await OtlpCollector.StartAsync(Token);
        await ExecuteAsync("CREATE SEQUENCE attempts");
        await ExecuteAsync(
            """
            CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('attempts'); RAISE EXCEPTION SQLSTATE 'XX001'; END $$
            """);
        await ExecuteAsync("CREATE TRIGGER damaged BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION damaged()");
        var entries = Enumerable.Range(0, 3).Select(i => Entry(Ann, Ben, $"c{i}")).ToArray();
        await World.SendAsync(entries);
        World.StartWorker("w1", [.. collector.Settings, ("Fanout__MaxAttempts", "1"), ("Fanout__MaxBackoff", "00:00:00.100")]);

        await World.WaitForAsync(async () => await World.Database.ScalarAsync<long>("SELECT last_value FROM attempts") > 20);
        await World.WaitForAsync(() => Task.FromResult(collector.Metrics.Any(
            metric => metric.Name == "chatable.fanout.partitions_stopped" && metric.Tags["error.type"] == "XX001")));
        Assert.Empty(await World.DeadLettersAsync(World.PartitionOf(entries[0])));
        Assert.Equal(3, await World.IntakeLengthAsync());

        await ExecuteAsync("DROP TRIGGER damaged ON messages");
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        Assert.Equal(3, await World.Database.CountMessagesAsync());
        await MessagesInvariants.AssertAsync(World.Database);
    }

    [Fact]
    public async Task WhatRedisNumbersBelowWhatItLostIsStoredToo()
    {
        var server = await World.AddServerAsync(Ann, Ben);
        var (lost, late) = (Entry(Ann, Ben, "lost"), Entry(Ann, Ben, "late"));
        RedisKey log = $"{World.Redis.Prefix}in:{{{World.PartitionOf(lost)}}}";
        await using var holder = await World.Database.Source.OpenConnectionAsync(Token);
        await using (var transaction = await holder.BeginTransactionAsync(Token))
        {
            await using (var command = new NpgsqlCommand($"SELECT 1 FROM user_heads WHERE user_id = {Ann.Id} FOR UPDATE", holder))
                await command.ExecuteScalarAsync(Token);
            World.StartWorker("w1");
            await World.SendAsync(lost);
            await World.WaitForAsync(async () => await World.Database.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0);

            // Redis' clock is half a century behind, and the batch that waits for the lock has not been deleted yet.
            await World.Redis.Database.KeyDeleteAsync(log);
            await World.Redis.Database.StreamAddAsync(log, "m", late.Encode(), "1-0");
        }

        var stored = (await World.ReceiveAsync(server, 2)).OfType<EntryStored>().Select(item => item.Entry.CommandId.Text);
        Assert.Equal(["lost", "late"], stored);
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        await MessagesInvariants.AssertAsync(World.Database);
    }

    [Fact]
    public async Task WithoutTheDatabaseEntriesWaitAndNothingIsToldUntilItIsBack()
    {
        var server = await World.AddServerAsync(Ann, Ben);
        var worker = World.StartWorker("w1");
        await World.SendAsync(Entry(Ann, Ben));
        await World.ReceiveAsync(server, 1);

        await AllowConnectionsAsync(false);
        await World.SendAsync([.. Enumerable.Range(0, 50).Select(_ => Entry(Ann, Ben))]);
        await World.WaitForAsync(() => Task.FromResult(worker.Output.Contains("a batch failed", StringComparison.Ordinal)));
        Assert.Equal(50, await World.IntakeLengthAsync());
        Assert.Single(await World.ReceiveAsync(server, 1));

        await AllowConnectionsAsync(true);
        await World.ReceiveAsync(server, 51);
        Assert.Equal(51, await World.Database.CountMessagesAsync());
    }

    [Fact]
    public async Task WorkerOfAnotherLayoutEndsWithAFailureThatSaysWhy()
    {
        await World.Log.EnsurePartitionsAsync(Token);
        var worker = World.StartWorker("w1", ("Intake__Partitions", "4"));
        Assert.Equal(1, await worker.WaitForExitAsync(Token));
        Assert.Contains("Intake:Partitions is 4, but the intake in Redis is laid out in 16 partitions", worker.Output);
        Assert.Empty(await World.LeasesAsync());
    }

    private async Task AllowConnectionsAsync(bool allowed)
    {
        var builder = new NpgsqlConnectionStringBuilder(World.Database.ConnectionString);
        var name = builder.Database;
        builder.Database = "postgres";
        await using var source = NpgsqlDataSource.Create(builder);
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        await batch.ExecuteNonQueryAsync(Token);
        // The test's own connections are closed too.
        World.Database.Source.Clear();
    }
}
