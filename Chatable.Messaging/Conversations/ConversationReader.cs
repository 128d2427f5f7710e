using Npgsql;

namespace Chatable.Messaging.Conversations;

/// <summary>Reads conversations for protocol v1, newest first.</summary>
public sealed class ConversationReader(NpgsqlDataSource database)
{
    // participants_inbox_idx returns the conversations by the minute of their last message, so little is left to sort. LIMIT 1 tells the
    // planner that there is exactly one last message. It then compares no join orders, which took longer than running the query.
    internal const string InboxSql = """
        SELECT m.author_id = $1, m.created_at, m.body,
               (SELECT username FROM users WHERE id = CASE WHEN page.user_low = $1 THEN page.user_high ELSE page.user_low END)
        FROM (
            SELECT c.* FROM participants p JOIN conversations c ON c.id = p.conversation_id
            WHERE p.user_id = $1
            ORDER BY p.active_minute DESC, c.last_message_at DESC, c.id DESC
            OFFSET $2 LIMIT $3) page
        CROSS JOIN LATERAL (
            SELECT * FROM messages WHERE conversation_id = page.id AND conversation_seq = page.last_seq LIMIT 1) m
        ORDER BY page.last_message_at DESC, page.id DESC
        """;

    // conversation_seq is dense, so a page is a range of it: the last page costs as much as the first.
    internal const string ThreadSql = """
        SELECT m.conversation_seq, m.author_id, m.created_at, m.body, m.type
        FROM conversations c
        JOIN messages m ON m.conversation_id = c.id
            AND m.conversation_seq <= c.last_seq - $3 AND m.conversation_seq > c.last_seq - $3 - $4
        WHERE c.kind = 0 AND c.user_low = $1 AND c.user_high = $2
        ORDER BY m.conversation_seq DESC
        LIMIT $4
        """;

    internal const string ThreadBeforeSql = """
        SELECT m.conversation_seq, m.author_id, m.created_at, m.body, m.type
        FROM conversations c
        JOIN messages m ON m.conversation_id = c.id
            AND m.conversation_seq < least($3, c.last_seq + 1) AND m.conversation_seq >= least($3, c.last_seq + 1) - $4
        WHERE c.kind = 0 AND c.user_low = $1 AND c.user_high = $2
        ORDER BY m.conversation_seq DESC
        LIMIT $4
        """;

    /// <summary>Returns one row per conversation of the user, sorted by its latest message.</summary>
    public Task<IReadOnlyList<InboxRow>> InboxAsync(long userId, PageRange page, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<InboxRow>>(async connection =>
        {
            await using var command = new NpgsqlCommand(InboxSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = userId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Skip });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Take });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var rows = new List<InboxRow>(page.Take);
            while (await reader.ReadAsync(CancellationToken.None))
                rows.Add(new InboxRow(reader.GetBoolean(0), reader.GetDateTime(1), reader.GetString(2), reader.GetString(3)));
            return rows;
        }, cancellationToken);

    /// <summary>
    /// Reads the messages between two users, in both directions. If both ids are the same user, these are the user's notes to self.
    /// </summary>
    public Task<IReadOnlyList<ThreadRow>> ThreadAsync(long userId, long otherId, PageRange page, CancellationToken cancellationToken) =>
        ThreadAsync(ThreadSql, userId, otherId, page.Skip, page.Take, cancellationToken);

    /// <summary>Reads the messages directly before a seq of the conversation. Messages written later do not shift this page.</summary>
    public Task<IReadOnlyList<ThreadRow>> ThreadBeforeAsync(
        long userId, long otherId, long seq, int limit, CancellationToken cancellationToken) =>
        ThreadAsync(ThreadBeforeSql, userId, otherId, seq, limit, cancellationToken);

    private Task<IReadOnlyList<ThreadRow>> ThreadAsync(
        string sql, long userId, long otherId, long place, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ThreadRow>>(async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Min(userId, otherId) });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Max(userId, otherId) });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = place });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var rows = new List<ThreadRow>(limit);
            while (await reader.ReadAsync(CancellationToken.None))
            {
                rows.Add(new ThreadRow(
                    reader.GetInt64(0), reader.GetInt64(1), reader.GetDateTime(2), reader.GetString(3), reader.GetInt16(4)));
            }

            return rows;
        }, cancellationToken);
}
