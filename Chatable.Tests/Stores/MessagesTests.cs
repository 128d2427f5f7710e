using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Stores;

public sealed class MessagesTests(PostgresServer postgres) : IAsyncLifetime
{
    private MessagesDatabase _database = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await MessagesDatabase.CreateAsync(postgres);
        (_ann, _ben) = await _database.AddUsersAsync(2) is [var ann, var ben] ? (ann, ben) : default;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task BothPartiesFindTheMessageInTheirLogs()
    {
        var entry = Entry(_ann, _ben, "not-a-uuid", body: "Grüße 🌍") with { Type = MessageType.Photo };
        var stored = Assert.IsType<EntryStored>(Assert.Single(await _database.Store.PersistAsync([entry], Token)));

        Assert.Equal([new Recipient(_ann.Id, 1), new Recipient(_ben.Id, 1)], stored.Recipients);
        Assert.Equal((1, entry.Origin), (stored.Place().ConversationSeq, stored.Origin));
        var envelopes = new EnvelopeStore(_database.Source);
        foreach (var user in (UserRow[])[_ann, _ben])
        {
            var envelope = Assert.Single((await envelopes.ReadAsync(user.Id, Guid.Empty, after: 0, limit: 10, Token)).Entries);
            Assert.Equal(1, envelope.Seq);
            Assert.Equal("Grüße 🌍", envelope.Entry.ToJson().GetProperty("message").GetString());
            Assert.True(stored.Entry.IsSameAs(envelope.Entry));
        }

        await MessagesInvariants.AssertAsync(_database);
    }

    [Fact]
    public async Task RepeatIsAnsweredWithTheFirstOnesPlaceAndTheHeadsOfBoth()
    {
        var first = Assert.IsType<EntryStored>((await _database.Store.PersistAsync([Entry(_ann, _ben, "one")], Token))[0]);
        await _database.Store.PersistAsync([Entry(_ben, _ann), Entry(_ben, _ben)], Token);
        var repeat = Entry(_ann, _ben, "one");
        var outcome = Assert.IsType<CommandRepeated>(Assert.Single(await _database.Store.PersistAsync([repeat], Token)));

        Assert.Equal(first.Place(), outcome.Place());
        Assert.Equal((1, 1, repeat.Origin), (outcome.ActorSeq, outcome.Place().ConversationSeq, outcome.Origin));
        Assert.Equal([new Recipient(_ann.Id, 2), new Recipient(_ben.Id, 3)], outcome.Heads);
        Assert.Equal(1, await _database.ScalarAsync<long>($"SELECT count(*) FROM messages WHERE author_id = {_ann.Id} AND body = 'hello'"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnotherMessageUnderAClientIdThatIsTakenIsRefusedAndARepeatIsNot(bool hasFingerprint)
    {
        await _database.Store.PersistAsync([Entry(_ann, _ben, "one"), Entry(_ann, _ann, "two")], Token);
        if (!hasFingerprint)
            await _database.ScalarAsync<long>("UPDATE messages SET fingerprint = NULL RETURNING author_id");
        var carl = (await _database.AddUsersAsync(1))[0];
        IntakeEntry[] others =
        [
            Entry(_ann, _ben, "one", body: "another text"), Entry(_ann, _ben, "one") with { Type = MessageType.Photo },
            Entry(_ann, carl, "one"), Entry(_ann, _ann, "one"), Entry(_ann, _ben, "two"),
        ];

        var outcomes = await _database.Store.PersistAsync([.. others, Entry(_ann, _ben, "one"), Entry(_ann, _ann, "two")], Token);

        Assert.All(
            outcomes.Take(others.Length), outcome => Assert.Equal(RefusalCode.KeyReused, Assert.IsType<CommandRefused>(outcome).Code));
        Assert.All(outcomes.Skip(others.Length), outcome => Assert.IsType<CommandRepeated>(outcome));
        Assert.Equal(2, await _database.CountMessagesAsync());
        await MessagesInvariants.AssertAsync(_database);
    }

    [Fact]
    public async Task OfTwoMessagesUnderOneClientIdInOneBatchTheFirstIsStored()
    {
        var carl = (await _database.AddUsersAsync(1))[0];

        var outcomes = await _database.Store.PersistAsync(
            [Entry(_ann, _ben, "one"), Entry(_ann, carl, "one"), Entry(_ann, _ben, "one", body: "x"), Entry(_ann, _ben, "one")], Token);

        Assert.IsType<EntryStored>(outcomes[0]);
        Assert.Equal(RefusalCode.KeyReused, Assert.IsType<CommandRefused>(outcomes[1]).Code);
        Assert.Equal(RefusalCode.KeyReused, Assert.IsType<CommandRefused>(outcomes[2]).Code);
        Assert.IsType<CommandRepeated>(outcomes[3]);
        Assert.Equal(1, await _database.CountMessagesAsync());
    }

    [Fact]
    public async Task OfTwoMessagesUnderOneClientIdAtTheSameTimeOneIsStored()
    {
        var carl = (await _database.AddUsersAsync(1))[0];
        for (var i = 1; i <= 20; i++)
        {
            var outcomes = (await Task.WhenAll(
                _database.Store.PersistAsync([Entry(_ann, _ben, $"c{i}")], Token),
                _database.Store.PersistAsync([Entry(_ann, carl, $"c{i}")], Token))).SelectMany(some => some).ToArray();

            Assert.Single(outcomes, outcome => outcome is EntryStored);
            Assert.Single(outcomes, outcome => outcome is CommandRefused { Code: RefusalCode.KeyReused });
            Assert.Equal(i, await _database.CountMessagesAsync());
        }
    }

    [Fact]
    public async Task NoteToOneselfHasOneEnvelope()
    {
        var outcomes = await _database.Store.PersistAsync([Entry(_ann, _ann), Entry(_ann, _ann)], Token);
        Assert.Equal(
            [[new Recipient(_ann.Id, 1)], [new Recipient(_ann.Id, 2)]],
            outcomes.Select(outcome => Assert.IsType<EntryStored>(outcome).Recipients.ToArray()));
        await MessagesInvariants.AssertAsync(_database);
    }

    [Fact]
    public async Task MessageWhosePredecessorWasLostIsRefusedWithAllThatFollowIt()
    {
        var outcomes = await _database.Store.PersistAsync(
            [Entry(_ann, _ben, "b", after: "a"), Entry(_ann, _ben, "c", after: "b"), Entry(_ben, _ann, "a")], Token);
        Assert.Equal(RefusalCode.OutOfOrder, Assert.IsType<CommandRefused>(outcomes[0]).Code);
        Assert.Equal(RefusalCode.OutOfOrder, Assert.IsType<CommandRefused>(outcomes[1]).Code);
        Assert.IsType<EntryStored>(outcomes[2]);

        outcomes = await _database.Store.PersistAsync(
            [Entry(_ann, _ben, "a"), Entry(_ann, _ben, "b", after: "a"), Entry(_ann, _ben, "c", after: "b")], Token);
        Assert.All(outcomes, outcome => Assert.IsType<EntryStored>(outcome));
        Assert.IsType<EntryStored>(Assert.Single(await _database.Store.PersistAsync([Entry(_ann, _ben, "d", after: "c")], Token)));
        await MessagesInvariants.AssertAsync(_database);
    }

    [Fact]
    public async Task FirstMessagesOfBothAtTheSameTimeMakeOneConversation()
    {
        for (var i = 1; i <= 20; i++)
        {
            var (ann, ben) = await _database.AddUsersAsync(2) is [var first, var second] ? (first, second) : default;
            var outcomes = await Task.WhenAll(
                _database.Store.PersistAsync([Entry(ann, ben)], Token), _database.Store.PersistAsync([Entry(ben, ann)], Token));
            var messages = outcomes.Select(outcome => Assert.IsType<EntryStored>(Assert.Single(outcome)).Place()).ToArray();
            Assert.Single(messages.DistinctBy(message => message.ConversationId));
            Assert.Equal([1, 2], messages.Select(message => message.ConversationSeq).Order());
            Assert.Equal(i, await _database.ScalarAsync<long>("SELECT count(*) FROM conversations"));
        }
    }

    [Fact]
    public async Task AConversationMovesInTheInboxesOnceAMinute()
    {
        await _database.Store.PersistAsync([Entry(_ann, _ben)], Token);
        await SetLastMessageAsync("2100-01-01 00:00:10Z");
        var before = await InboxRowAsync();

        await _database.Store.PersistAsync([Entry(_ben, _ann)], Token);
        Assert.Equal(before, await InboxRowAsync());

        await SetLastMessageAsync("2100-01-01 00:00:59.999999Z");
        await _database.Store.PersistAsync([Entry(_ben, _ann)], Token);
        Assert.NotEqual(before, await InboxRowAsync());
        Assert.Equal(2, await _database.ScalarAsync<long>("SELECT count(*) FROM participants WHERE active_minute = '2100-01-01 00:01Z'"));
        await MessagesInvariants.AssertAsync(_database);

        async Task SetLastMessageAsync(string at)
        {
            await _database.ScalarAsync<long>($"UPDATE conversations SET last_message_at = '{at}' RETURNING id");
            await _database.ScalarAsync<long>("UPDATE participants SET active_minute = '2100-01-01 00:00Z' RETURNING user_id");
        }

        // Identifies the version of the rows.
        Task<string> InboxRowAsync() =>
            _database.ScalarAsync<string>("SELECT string_agg(ctid::text, ',' ORDER BY user_id) FROM participants");
    }

    [Fact]
    public async Task TimesAdvanceEvenWhereTheClockDoesNot()
    {
        await _database.Store.PersistAsync([Entry(_ann, _ben)], Token);
        await _database.ScalarAsync<long>("UPDATE messages SET created_at = '2100-01-01Z' RETURNING author_id");
        await _database.ScalarAsync<long>("UPDATE conversations SET last_message_at = '2100-01-01Z' RETURNING id");
        await _database.ScalarAsync<long>("UPDATE participants SET active_minute = '2100-01-01Z' RETURNING user_id");
        var outcomes = await _database.Store.PersistAsync([Entry(_ann, _ben), Entry(_ben, _ann)], Token);

        var start = new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal(
            [start.AddTicks(10), start.AddTicks(20)],
            outcomes.Select(outcome => Assert.IsType<EntryStored>(outcome).Place().CreatedAt));
        await MessagesInvariants.AssertAsync(_database);
    }

    [Theory]
    [InlineData("unknown_user")]
    [InlineData("22021")]
    [InlineData("23514")]
    public async Task EntryThatCanNeverBeStoredTakesItsBatchWithItAndIsCalledData(string code)
    {
        var bad = code switch
        {
            "unknown_user" => Entry(_ann, new UserRow(long.MaxValue, "nobody")),
            "22021" => Entry(_ann, _ben) with { Body = new byte[] { 0x61, 0xFF } },
            _ => Entry(_ann, _ben) with { Type = (MessageType)77 },
        };
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => _database.Store.PersistAsync([Entry(_ann, _ben), bad], Token));

        Assert.Equal((PersistFailure.Data, code), (PersistFailures.Classify(failure), PersistFailures.CodeOf(failure)));
        Assert.Equal(0, await _database.CountMessagesAsync());
    }

    [Fact]
    public async Task TheLargestTextIsStoredAndOneByteMoreIsTheEntrysFault()
    {
        var largest = new string('x', MessageRecord.MaxBodyBytes);
        Assert.IsType<EntryStored>(Assert.Single(await _database.Store.PersistAsync([Entry(_ann, _ben, body: largest)], Token)));
        var failure = await Assert.ThrowsAsync<PostgresException>(
            () => _database.Store.PersistAsync([Entry(_ann, _ben, body: largest + "x")], Token));
        Assert.Equal("messages_body_check", failure.ConstraintName);
        Assert.Equal(PersistFailure.Data, PersistFailures.Classify(failure));
    }

    [Fact]
    public async Task LockedUserDelaysOnlyItsOwnBatchesAndNobodyIsBlamed()
    {
        await using var holder = await _database.Source.OpenConnectionAsync(Token);
        await using var transaction = await holder.BeginTransactionAsync(Token);
        await using (var command = new NpgsqlCommand($"SELECT 1 FROM user_heads WHERE user_id = {_ann.Id} FOR UPDATE", holder))
            await command.ExecuteScalarAsync(Token);

        var blocked = _database.Store.PersistAsync([Entry(_ann, _ben)], Token);
        Assert.IsType<EntryStored>(Assert.Single(await _database.Store.PersistAsync([Entry(_ben, _ben)], Token)));
        var failure = await Assert.ThrowsAsync<PostgresException>(() => blocked);
        Assert.Equal(PostgresErrorCodes.LockNotAvailable, failure.SqlState);
        Assert.Equal(PersistFailure.Transient, PersistFailures.Classify(failure));
    }

    [Fact]
    public async Task ARowThatAStrangerHasDeletedKeepsTheBatchFromBeingCommitted()
    {
        await _database.Store.PersistAsync([Entry(_ann, _ben)], Token);
        await using var connection = await _database.Source.OpenConnectionAsync(Token);
        await using (await connection.BeginTransactionAsync(Token))
        {
            IntakeEntry[] entries = [Entry(_ann, _ann), Entry(_ben, _ann)];
            await _database.Store.PersistAsync([Entry(_ann, _ann)], Token);
            var snapshot = await MessageStore.LockAndReadAsync(connection, entries);
            var plan = BatchPlan.Make(entries, Dispositions.Decide(entries, snapshot), snapshot);
            await _database.ScalarAsync<long>("DELETE FROM conversations WHERE user_low <> user_high RETURNING id");

            var failure = await Assert.ThrowsAsync<RowCountException>(() => MessageStore.WriteAsync(connection, plan));
            Assert.Equal(PersistFailure.Unforeseen, PersistFailures.Classify(failure));
        }

        Assert.Equal(2, await _database.CountMessagesAsync());
    }

    [Fact]
    public async Task CommitsAreDurableWhateverTheServersDefault()
    {
        var name = new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database;
        await using (var command = _database.Source.CreateCommand($"ALTER DATABASE {name} SET synchronous_commit = off"))
            await command.ExecuteNonQueryAsync(Token);
        await using var fresh = NpgsqlDataSource.Create(_database.ConnectionString + ";Application Name=fresh");
        await using var connection = await fresh.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        Assert.Equal("off", await ShowAsync(connection));

        await MessageStore.LockAndReadAsync(connection, [Entry(_ann, _ben)]);
        Assert.Equal("on", await ShowAsync(connection));

        static async Task<string?> ShowAsync(NpgsqlConnection connection)
        {
            await using var command = new NpgsqlCommand("SHOW synchronous_commit", connection);
            return (string?)await command.ExecuteScalarAsync(Token);
        }
    }
}
