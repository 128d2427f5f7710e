using Npgsql;

namespace Chatable.Messaging.Conversations;

/// <summary>Conversations and their messages by keyset: a page costs the same wherever it lies.</summary>
public sealed class ConversationHistory(NpgsqlDataSource database)
{
    internal const string OlderSql = InboxHead + """
               WHERE user_id = $1 AND active_minute < date_bin('1 minute', $2, 'epoch')
               ORDER BY active_minute DESC FETCH FIRST ($4) ROWS WITH TIES)) AS near
              JOIN conversations c ON c.id = near.conversation_id
              WHERE (c.last_message_at, c.id) < ($2, $3)
              ORDER BY c.last_message_at DESC, c.id DESC LIMIT $4) page
        """ + InboxTail;

    internal const string NewerSql = InboxHead + """
               WHERE user_id = $1 AND active_minute > date_bin('1 minute', $2, 'epoch')
               ORDER BY active_minute FETCH FIRST ($4) ROWS WITH TIES)) AS near
              JOIN conversations c ON c.id = near.conversation_id
              WHERE (c.last_message_at, c.id) > ($2, $3)
              ORDER BY c.last_message_at, c.id LIMIT $4) page
        """ + InboxTail;

    // participants_inbox_idx knows only the minute of a conversation's last message. So first all of the place's own minute, and enough of
    // the minutes beyond it to fill a page; then their order within the minutes. LIMIT 1 as in ConversationReader.
    private const string InboxHead = """
        SELECT page.last_message_at, page.id,
               (SELECT username FROM users WHERE id = CASE WHEN page.user_low = $1 THEN page.user_high ELSE page.user_low END),
               page.last_seq,
               m.message_id, m.conversation_seq, m.client_id, m.client_id_text, m.author_id, m.type, m.body, m.created_at
        FROM (SELECT c.* FROM (
              (SELECT conversation_id FROM participants
               WHERE user_id = $1 AND active_minute = date_bin('1 minute', $2, 'epoch'))
              UNION ALL
              (SELECT conversation_id FROM participants

        """;

    private const string InboxTail = """

        CROSS JOIN LATERAL (
            SELECT * FROM messages WHERE conversation_id = page.id AND conversation_seq = page.last_seq LIMIT 1) m
        ORDER BY page.last_message_at DESC, page.id DESC
        """;

    internal const string PartiesSql = """
        SELECT c.last_seq, low.id, low.username, high.id, high.username
        FROM participants p
        JOIN conversations c ON c.id = p.conversation_id
        JOIN users low ON low.id = c.user_low
        JOIN users high ON high.id = c.user_high
        WHERE p.conversation_id = $1 AND p.user_id = $2
        """;

    // conversation_seq is dense, so a page is a range of messages_pkey. LIMIT says how many there are: most conversations have low
    // numbers only, so the planner takes the beginning of a long one for a good part of the table, and would read all of that.
    internal const string RangeSql = """
        SELECT message_id, conversation_seq, client_id, client_id_text, author_id, type, body, created_at
        FROM messages
        WHERE conversation_id = $1 AND conversation_seq BETWEEN $2 AND $3
        ORDER BY conversation_seq
        LIMIT greatest(0, $3 - $2 + 1)
        """;

    /// <summary>The next conversations after a place, towards the older ones; latest first. Null begins with the latest of all.</summary>
    public Task<IReadOnlyList<ConversationRow>> OlderAsync(long user, InboxPlace? before, int limit, CancellationToken cancellationToken) =>
        InboxAsync(
            OlderSql, user, before ?? new InboxPlace(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc), long.MaxValue), limit,
            cancellationToken);

    /// <summary>The conversations next to a place, towards the newer ones; latest first too.</summary>
    public Task<IReadOnlyList<ConversationRow>> NewerAsync(long user, InboxPlace after, int limit, CancellationToken cancellationToken) =>
        InboxAsync(NewerSql, user, after, limit, cancellationToken);

    /// <summary>Null where there is no such conversation, or the user takes no part in it.</summary>
    public Task<ConversationParties?> FindAsync(long conversation, long user, CancellationToken cancellationToken) =>
        database.ReadAsync<ConversationParties?>(async () =>
        {
            await using var command = database.CreateCommand(PartiesSql);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = conversation });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            return await row.ReadAsync(cancellationToken)
                ? new ConversationParties(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetString(4))
                : null;
        });

    /// <summary>The messages from one <c>conversation_seq</c> to another, both included, in their order.</summary>
    public Task<IReadOnlyList<HistoryRow>> ReadAsync(long conversation, long from, long to, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<HistoryRow>>(async () =>
        {
            await using var command = database.CreateCommand(RangeSql);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = conversation });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<HistoryRow>();
            while (await row.ReadAsync(cancellationToken))
                rows.Add(ReadMessage(row, first: 0));
            return rows;
        });

    private Task<IReadOnlyList<ConversationRow>> InboxAsync(
        string sql, long user, InboxPlace place, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ConversationRow>>(async () =>
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = place.LastActivityAt });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = place.ConversationId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<ConversationRow>(limit);
            while (await row.ReadAsync(cancellationToken))
            {
                rows.Add(new ConversationRow(
                    new InboxPlace(row.GetDateTime(0), row.GetInt64(1)), row.GetString(2), row.GetInt64(3), ReadMessage(row, first: 4)));
            }

            return rows;
        });

    private static HistoryRow ReadMessage(NpgsqlDataReader row, int first) => new(
        row.GetGuid(first), row.GetInt64(first + 1),
        ClientId.FromStored(row.GetGuid(first + 2), row.IsDBNull(first + 3) ? null : row.GetString(first + 3)),
        row.GetInt64(first + 4), row.GetInt16(first + 5), row.GetString(first + 6), row.GetDateTime(first + 7));
}
