using Chatable.Messaging.Conversations;
using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Stores.Conversations;

public sealed class ConversationReaderTests(PostgresServer postgres) : IAsyncLifetime
{
    private NpgsqlDataSource _database = null!;
    private ConversationReader _reader = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));
        _reader = new ConversationReader(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task PagesOfAThreadAreConsecutiveRangesOfItsSequence()
    {
        var (bob, alice) = (await NewUserAsync("bob"), await NewUserAsync("alice"));
        await Messages.SendAsync(_database, "bob", "alice", Enumerable.Range(1, 7).Select(n => $"m{n}"), Cancellation);

        Assert.Equal(["m7", "m6", "m5"], (await _reader.ThreadAsync(bob, alice, new(0, 3), Cancellation)).Select(row => row.Message));
        Assert.Equal(["m4", "m3", "m2"], (await _reader.ThreadAsync(alice, bob, new(3, 3), Cancellation)).Select(row => row.Message));
        Assert.Equal(["m4", "m3", "m2"], (await _reader.ThreadBeforeAsync(alice, bob, 5, 3, Cancellation)).Select(row => row.Message));
        Assert.Equal(
            ["m7", "m6"], (await _reader.ThreadBeforeAsync(bob, alice, long.MaxValue, 2, Cancellation)).Select(row => row.Message));
        Assert.Empty(await _reader.ThreadBeforeAsync(bob, alice, 1, 3, Cancellation));
        Assert.Equal(["m1"], (await _reader.ThreadAsync(bob, alice, new(6, 3), Cancellation)).Select(row => row.Message));
        Assert.Empty(await _reader.ThreadAsync(bob, alice, new(9, 3), Cancellation));
        Assert.Empty(await _reader.ThreadAsync(bob, alice, new(long.MaxValue / 2, 3), Cancellation));
        var all = await _reader.ThreadAsync(bob, alice, new(0, 10), Cancellation);
        Assert.Equal(7, all.Count(row => (row.AuthorId, row.MessageType) == (bob, 0)));
    }

    [Fact]
    public async Task InboxSkipsAndTakesWholeConversations()
    {
        var bob = await NewUserAsync("bob");
        foreach (var name in (string[])["u1", "u2", "u3"])
        {
            await NewUserAsync(name);
            await Messages.SendAsync(_database, name, "bob", ["old", $"from {name}"], Cancellation);
            if (name == "u2")
                await Messages.SendAsync(_database, "bob", name, ["to u2"], Cancellation);
        }

        var rows = await _reader.InboxAsync(bob, new(1, 2), Cancellation);
        Assert.Equal(
            [(true, "to u2", "u2"), (false, "from u1", "u1")],
            rows.Select(row => (row.IsOwn, row.LatestMessage, row.WithUsername)));
        Assert.All(rows, row => Assert.Equal(DateTimeKind.Utc, row.CreatedAt.Kind));
        Assert.Empty(await _reader.InboxAsync(bob, new(long.MaxValue / 2, 2), Cancellation));
    }

    [Fact]
    public async Task NeitherInboxNorThreadReadsATableFromEndToEnd()
    {
        await FillAsync();
        var inbox = await PlanAsync(ConversationReader.InboxSql, 1L, 0L, 10L);
        Assert.DoesNotContain("Seq Scan", inbox, StringComparison.Ordinal);
        Assert.Contains("participants_inbox_idx", inbox, StringComparison.Ordinal);

        foreach (var sql in (string[])[ConversationReader.ThreadSql, ConversationReader.ThreadBeforeSql])
        {
            var thread = await PlanAsync(sql, 1L, 2L, 40L, 10L);
            Assert.DoesNotContain("Seq Scan", thread, StringComparison.Ordinal);
            Assert.Contains("actual rows=10 ", thread, StringComparison.Ordinal);
        }
    }

    private async Task<long> NewUserAsync(string name) =>
        (await new UserStore(_database).CreateAsync(Person.Named(name), Cancellation))!.Value;

    /// <summary>A user with two thousand conversations of fifty messages among those of many strangers.</summary>
    private async Task FillAsync()
    {
        await using var fill = _database.CreateCommand("""
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                SELECT 'user' || n, n || '@example.com', n::text, 'a', 'b', 'c' FROM generate_series(1, 20001) n;
            INSERT INTO conversations (kind, user_low, user_high, last_seq, last_message_at)
                SELECT 0, 1, n, 50, now() - n * interval '1 minute' FROM generate_series(2, 2001) n
                UNION ALL SELECT 0, n, n + 1, 1, now() FROM generate_series(2002, 20000) n;
            INSERT INTO participants (conversation_id, user_id, active_minute)
                SELECT id, u, date_bin('1 minute', last_message_at, 'epoch') FROM conversations, unnest(ARRAY[user_low, user_high]) u;
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT gen_random_uuid(), id, n, user_low, id * 50 + n, gen_random_uuid(), 0, 'hello', now()
                FROM conversations, generate_series(1, last_seq) n;
            ANALYZE
            """);
        await fill.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<string> PlanAsync(string sql, params long[] parameters)
    {
        await using var command = _database.CreateCommand($"EXPLAIN (ANALYZE, TIMING OFF) {sql}");
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var lines = new List<string>();
        while (await reader.ReadAsync(Cancellation))
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
