using System.Text.RegularExpressions;
using Chatable.Messaging.Conversations;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Stores.Conversations;

public sealed partial class ConversationHistoryTests(PostgresServer postgres) : IAsyncLifetime
{
    private NpgsqlDataSource _database = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _database = NpgsqlDataSource.Create(await postgres.CreateMigratedDatabaseAsync(Cancellation));

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task APageCostsTheSameHoweverDeepItLies()
    {
        await FillAsync();
        var (newest, oldest) = (DateTime.UtcNow - TimeSpan.FromMinutes(100), DateTime.UtcNow - TimeSpan.FromMinutes(1900));

        foreach (var sql in (string[])[ConversationHistory.OlderSql, ConversationHistory.NewerSql])
        {
            string[] plans = [await PlanAsync(sql, 1L, newest, 1L, 10L), await PlanAsync(sql, 1L, oldest, 1L, 10L)];
            Assert.All(plans, plan =>
            {
                Assert.Contains("participants_inbox_idx", plan, StringComparison.Ordinal);
                Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            });
            Assert.InRange(PagesOf(plans[1]), 1, PagesOf(plans[0]) + 20);
        }

        string[] moves =
        [
            await PlanAsync(ConversationHistory.MovedSql, 1L, 0L, 5L, 10L),
            await PlanAsync(ConversationHistory.MovedSql, 1L, 90_000L, 90_005L, 10L),
        ];
        Assert.All(moves, plan => Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal));
        Assert.InRange(PagesOf(moves[1]), 1, PagesOf(moves[0]) + 20);

        var first = await PlanAsync(ConversationHistory.RangeSql, 1L, 1L, 10L);
        var last = await PlanAsync(ConversationHistory.RangeSql, 1L, 4991L, 5000L);
        Assert.Contains("messages_pkey", last, StringComparison.Ordinal);
        Assert.Contains("actual rows=10 ", last, StringComparison.Ordinal);
        Assert.InRange(PagesOf(last), 1, PagesOf(first) + 20);
        Assert.DoesNotContain("Seq Scan", await PlanAsync(ConversationHistory.PartiesSql, 1L, 1L), StringComparison.Ordinal);
    }

    // Judged by each column alone, half of all messages seem to be on its first page, and half in its conversation.
    [Fact]
    public async Task TheBeginningOfALongConversationIsNotTakenForMostOfTheTable()
    {
        await using var fill = _database.CreateCommand("""
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 1 ELSE n + 1 END, CASE WHEN n % 2 = 0 THEN n / 2 ELSE 1 END, 1, n,
                       gen_random_uuid(), 0, repeat('hello', 40), now()
                FROM generate_series(1, 60000) n ORDER BY md5(n::text);
            ANALYZE messages
            """);
        await fill.ExecuteNonQueryAsync(Cancellation);

        var plan = await PlanAsync(ConversationHistory.RangeSql, 1L, 1L, 50L);

        Assert.Contains("actual rows=50 ", plan, StringComparison.Ordinal);
        Assert.InRange(PagesOf(plan), 1, 100);
    }

    [Fact]
    public async Task AnInboxIsWalkedInItsOrderWithinAndAcrossMinutes()
    {
        // Seven conversations per minute, some of them active at the same moment.
        await using var fill = _database.CreateCommand("""
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                SELECT 'user' || n, n || '@example.com', n::text, 'a', 'b', 'c' FROM generate_series(1, 31) n;
            INSERT INTO conversations (kind, user_low, user_high, last_seq, last_message_at)
                SELECT 0, 1, n, 1, timestamptz '2026-01-01 00:00Z' + n / 2 * interval '17 seconds'
                FROM generate_series(2, 31) n;
            INSERT INTO participants (conversation_id, user_id, active_minute)
                SELECT id, u, date_bin('1 minute', last_message_at, 'epoch') FROM conversations, unnest(ARRAY[user_low, user_high]) u;
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT gen_random_uuid(), id, 1, 1, id, gen_random_uuid(), 0, 'hello', last_message_at FROM conversations
            """);
        await fill.ExecuteNonQueryAsync(Cancellation);
        string[] newestFirst = [.. Enumerable.Range(2, 30).Reverse().Select(n => $"user{n}")];
        var history = new ConversationHistory(_database);

        foreach (var limit in (int[])[1, 4, 7, 30])
        {
            List<ConversationRow> older = [];
            while (await history.OlderAsync(1, older.LastOrDefault()?.Place, limit, Cancellation) is { Rows: { Count: > 0 } page })
                older.AddRange(page);
            Assert.Equal(newestFirst, older.Select(row => row.With));

            List<ConversationRow> newer = [older[^1]];
            while (await history.NewerAsync(1, newer[0].Place, limit, Cancellation) is { Rows: { Count: > 0 } page })
                newer.InsertRange(0, page);
            Assert.Equal(newestFirst, newer.Select(row => row.With));
        }

        var pages = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            page => new ConversationReader(_database).InboxAsync(1, new PageRange(page * 4, 4), Cancellation)));
        Assert.Equal(newestFirst, pages.SelectMany(page => page).Select(row => row.WithUsername));
    }

    /// <summary>A user with two thousand conversations, one with five thousand messages, among those of many strangers.</summary>
    private async Task FillAsync()
    {
        await using var fill = _database.CreateCommand("""
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                SELECT 'user' || n, n || '@example.com', n::text, 'a', 'b', 'c' FROM generate_series(1, 20001) n;
            INSERT INTO conversations (kind, user_low, user_high, last_seq, last_message_at)
                SELECT 0, 1, n, CASE WHEN n = 2 THEN 5000 ELSE 5 END, now() - n * interval '1 minute' FROM generate_series(2, 2001) n
                UNION ALL SELECT 0, n, n + 1, 1, now() FROM generate_series(2002, 20000) n;
            INSERT INTO participants (conversation_id, user_id, active_minute)
                SELECT id, u, date_bin('1 minute', last_message_at, 'epoch') FROM conversations, unnest(ARRAY[user_low, user_high]) u;
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT gen_random_uuid(), id, n, user_low, id * 5000 + n, gen_random_uuid(), 0, 'hello', now()
                FROM conversations, generate_series(1, last_seq) n;
            INSERT INTO user_heads (user_id, last_seq) SELECT id, CASE WHEN id = 1 THEN 100000 ELSE 0 END FROM users;
            INSERT INTO envelopes (user_id, seq, conversation_id, conversation_seq, kind)
                SELECT 1, n, 1 + n % 2000, 1, 0 FROM generate_series(1, 100000) n;
            ANALYZE
            """);
        await fill.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<string> PlanAsync(string sql, params object[] parameters)
    {
        await using var command = _database.CreateCommand($"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {sql}");
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var lines = new List<string>();
        while (await reader.ReadAsync(Cancellation))
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    // The first line of buffers is for the whole query.
    private static int PagesOf(string plan) => PageCount().Matches(BuffersLine().Match(plan).Value)
        .Sum(count => int.Parse(count.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex("Buffers: .*")]
    private static partial Regex BuffersLine();

    [GeneratedRegex(@"(?:hit|read)=(\d+)")]
    private static partial Regex PageCount();
}
