using Npgsql;

namespace Chatable.Messaging.Conversations;

/// <summary>What protocol v1 shows of conversations, newest first.</summary>
public sealed class ConversationReader(NpgsqlDataSource database)
{
    // The page is cut from participants_inbox_idx alone; the other tables see its rows only, each by a primary key.
    internal const string InboxSql = """
        SELECT author.username, m.created_at, m.body, other.username
        FROM (
            SELECT conversation_id, last_activity_at FROM participants
            WHERE user_id = $1
            ORDER BY last_activity_at DESC, conversation_id DESC
            OFFSET $2 LIMIT $3) page
        JOIN conversations c ON c.id = page.conversation_id
        JOIN messages m ON m.message_id = c.last_message_id
        JOIN users author ON author.id = m.author_id
        JOIN users other ON other.id = CASE WHEN c.user_low = $1 THEN c.user_high ELSE c.user_low END
        ORDER BY page.last_activity_at DESC, page.conversation_id DESC
        """;

    // conversation_seq is dense, so a page is a range of it: the last page costs what the first does.
    internal const string ThreadSql = """
        SELECT m.author_id, m.created_at, m.body, m.type
        FROM conversations c
        JOIN messages m ON m.conversation_id = c.id
            AND m.conversation_seq <= c.last_seq - $3 AND m.conversation_seq > c.last_seq - $3 - $4
        WHERE c.kind = 0 AND c.user_low = $1 AND c.user_high = $2
        ORDER BY m.conversation_seq DESC
        """;

    /// <summary>One row a conversation of the user, by its latest message.</summary>
    public async Task<IReadOnlyList<InboxRow>> InboxAsync(long userId, PageRange page, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(InboxSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Skip });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Take });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<InboxRow>(page.Take);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new InboxRow(reader.GetString(0), reader.GetDateTime(1), reader.GetString(2), reader.GetString(3)));
        return rows;
    }

    /// <summary>The messages between two users, in both directions; the two may be one, who then sees the notes to oneself.</summary>
    public async Task<IReadOnlyList<ThreadRow>> ThreadAsync(
        long userId, long otherId, PageRange page, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ThreadSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Min(userId, otherId) });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Max(userId, otherId) });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Skip });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Take });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<ThreadRow>(page.Take);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new ThreadRow(reader.GetInt64(0), reader.GetDateTime(1), reader.GetString(2), reader.GetInt16(3)));
        return rows;
    }
}
