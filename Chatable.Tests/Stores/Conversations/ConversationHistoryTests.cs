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
                Assert.DoesNotContain("Rows Removed", plan, StringComparison.Ordinal);
            });
            Assert.InRange(PagesOf(plans[1]), 1, PagesOf(plans[0]) + 20);
        }

        var first = await PlanAsync(ConversationHistory.RangeSql, 1L, 1L, 10L);
        var last = await PlanAsync(ConversationHistory.RangeSql, 1L, 4991L, 5000L);
        Assert.Contains("messages_conversation_seq_key", last, StringComparison.Ordinal);
        Assert.Contains("actual rows=10 ", last, StringComparison.Ordinal);
        Assert.InRange(PagesOf(last), 1, PagesOf(first) + 20);
        Assert.DoesNotContain("Seq Scan", await PlanAsync(ConversationHistory.PartiesSql, 1L, 1L), StringComparison.Ordinal);
    }

    /// <summary>A user with two thousand conversations, one of five thousand messages.</summary>
    private async Task FillAsync()
    {
        await using var fill = _database.CreateCommand("""
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                SELECT 'user' || n, n || '@example.com', n::text, 'a', 'b', 'c' FROM generate_series(1, 2001) n;
            INSERT INTO conversations (kind, user_low, user_high, last_seq, last_message_at)
                SELECT 0, 1, n, CASE WHEN n = 2 THEN 5000 ELSE 5 END, now() FROM generate_series(2, 2001) n;
            INSERT INTO participants (conversation_id, user_id, last_activity_at)
                SELECT id, u, now() - id * interval '1 minute' FROM conversations, unnest(ARRAY[user_low, user_high]) u;
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT gen_random_uuid(), id, n, 1, id * 5000 + n, gen_random_uuid(), 0, 'hello', now()
                FROM conversations, generate_series(1, last_seq) n;
            UPDATE conversations c SET last_message_id = m.message_id
                FROM messages m WHERE m.conversation_id = c.id AND m.conversation_seq = c.last_seq;
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

    // The first line of buffers is the whole query's.
    private static int PagesOf(string plan) => PageCount().Matches(BuffersLine().Match(plan).Value)
        .Sum(count => int.Parse(count.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex("Buffers: .*")]
    private static partial Regex BuffersLine();

    [GeneratedRegex(@"(?:hit|read)=(\d+)")]
    private static partial Regex PageCount();
}
