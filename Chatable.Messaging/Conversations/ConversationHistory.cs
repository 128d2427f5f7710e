using Npgsql;

namespace Chatable.Messaging.Conversations;

/// <summary>Reads conversations and their messages with keyset pagination: a page costs the same at any depth.</summary>
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

    // participants_inbox_idx stores only the minute of a conversation's last message. The query first takes all conversations of the
    // cursor's own minute, and enough from the minutes beyond it to fill a page. It then sorts them within the minutes. For LIMIT 1, see
    // ConversationReader.
    private const string InboxHead = Shown + """
               , (SELECT last_seq FROM user_heads WHERE user_id = $1)
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

    private const string Shown = """
        SELECT page.last_message_at, page.id,
               (SELECT username FROM users WHERE id = CASE WHEN page.user_low = $1 THEN page.user_high ELSE page.user_low END),
               page.last_seq,
               m.message_id, m.conversation_seq, m.client_id, m.client_id_text, m.author_id, m.type, m.body, m.created_at

        """;

    // Reads a range of the user's log, which names the conversations that have moved. Each conversation counts at its first entry in the
    // range.
    internal const string MovedSql = """
        WITH stretch AS (
            SELECT seq, conversation_id FROM envelopes
            WHERE user_id = $1 AND seq > $2 AND seq <= least($3, (SELECT last_seq FROM user_heads WHERE user_id = $1))
            ORDER BY seq LIMIT 1000),
        met AS (
            SELECT conversation_id, min(seq) AS first FROM stretch GROUP BY conversation_id ORDER BY first LIMIT $4)

        """ + Shown + """
               , met.first, (SELECT max(seq) FROM stretch), (SELECT last_seq FROM user_heads WHERE user_id = $1)
        FROM met
        JOIN conversations page ON page.id = met.conversation_id
        """ + InboxTail;

    internal const string PartiesSql = """
        SELECT c.last_seq, low.id, low.username, high.id, high.username
        FROM participants p
        JOIN conversations c ON c.id = p.conversation_id
        JOIN users low ON low.id = c.user_low
        JOIN users high ON high.id = c.user_high
        WHERE p.conversation_id = $1 AND p.user_id = $2
        """;

    // conversation_seq is dense, so a page is a range of messages_pkey. LIMIT tells the planner how many rows there are. Most conversations
    // have only low numbers. Without LIMIT the planner assumes that the beginning of a long conversation is a large part of the table, and
    // would scan all of that.
    internal const string RangeSql = """
        SELECT message_id, conversation_seq, client_id, client_id_text, author_id, type, body, created_at
        FROM messages
        WHERE conversation_id = $1 AND conversation_seq BETWEEN $2 AND $3
        ORDER BY conversation_seq
        LIMIT greatest(0, $3 - $2 + 1)
        """;

    // Binary search: seqs are dense, and times never fall within a conversation. LIMIT 1 is for the planner, as above.
    internal const string LastBeforeSql = """
        WITH RECURSIVE search (earlier, later) AS (
            SELECT 0::bigint, $2 + 1
            UNION ALL
            SELECT CASE WHEN m.created_at < $3 THEN m.conversation_seq ELSE earlier END,
                   CASE WHEN m.created_at < $3 THEN later ELSE m.conversation_seq END
            FROM search CROSS JOIN LATERAL (
                SELECT conversation_seq, created_at FROM messages
                WHERE conversation_id = $1 AND conversation_seq = (earlier + later) / 2 LIMIT 1) m
            WHERE later - earlier > 1)
        SELECT max(earlier) FROM search
        """;

    /// <summary>
    /// Reads one page of an inbox along a walk. A null walk starts a new one. A walk visits every conversation that existed when it began:
    /// first towards the older ones, and at its end those that moved in the meantime, possibly a second time.
    /// </summary>
    public async Task<InboxStep> WalkAsync(long user, InboxWalk? walk, int limit, CancellationToken cancellationToken)
    {
        if (walk is InboxWalk.Moved moved)
        {
            var stretch = await MovedAsync(user, moved.After, moved.Until, limit, cancellationToken);
            return new InboxStep(stretch.Rows, stretch.Reached < stretch.End ? new InboxWalk.Moved(stretch.Reached, stretch.End) : null);
        }

        // Reads one row more than the page, to learn whether another page follows.
        var from = walk as InboxWalk.Older;
        var found = await OlderAsync(user, from?.Place, limit + 1, cancellationToken);
        if (found.Rows.Count > limit)
        {
            IReadOnlyList<ConversationRow> rows = [.. found.Rows.Take(limit)];
            return new InboxStep(rows, new InboxWalk.Older(rows[^1].Place, from is null ? found.Head : from.Began));
        }

        // A single page has seen everything. So has a walk during which the log has not grown.
        return new InboxStep(
            found.Rows, from is { Began: { } began } && found.Head != began ? new InboxWalk.Moved(began, long.MaxValue) : null);
    }

    /// <summary>
    /// Reads the next conversations after a place, towards the older ones, latest first. Null starts with the latest of all.
    /// </summary>
    public Task<InboxSlice> OlderAsync(long user, InboxPlace? before, int limit, CancellationToken cancellationToken) =>
        InboxAsync(
            OlderSql, user, before ?? new InboxPlace(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc), long.MaxValue), limit,
            cancellationToken);

    /// <summary>Reads the conversations next to a place, towards the newer ones, also latest first.</summary>
    public Task<InboxSlice> NewerAsync(long user, InboxPlace after, int limit, CancellationToken cancellationToken) =>
        InboxAsync(NewerSql, user, after, limit, cancellationToken);

    /// <summary>
    /// Reads the conversations that received a message between two positions of the user's log, the first excluded, the last included,
    /// latest first. If there are more than <paramref name="limit"/>, or the range is long, it returns those from the beginning of the
    /// range.
    /// </summary>
    private Task<MovedSlice> MovedAsync(long user, long after, long until, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(MovedSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = until });
            // Reads one row more than the page, to learn how far the page reaches.
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit + 1 });
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            var met = new List<(ConversationRow Row, long First)>(limit + 1);
            var (reached, end) = (after, after);
            while (await row.ReadAsync(CancellationToken.None))
            {
                met.Add((ReadConversation(row), row.GetInt64(12)));
                (reached, end) = (row.GetInt64(13), Math.Min(until, row.GetInt64(14)));
            }

            if (met.Count <= limit)
                return new MovedSlice([.. met.Select(one => one.Row)], reached, end);
            var last = met.MaxBy(one => one.First);
            return new MovedSlice([.. met.Where(one => one != last).Select(one => one.Row)], last.First - 1, end);
        }, cancellationToken);

    /// <summary>Returns null if the conversation does not exist, or the user is not a participant.</summary>
    public Task<ConversationParties?> FindAsync(long conversation, long user, CancellationToken cancellationToken) =>
        database.ReadAsync<ConversationParties?>(async connection =>
        {
            await using var command = new NpgsqlCommand(PartiesSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = conversation });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            return await row.ReadAsync(CancellationToken.None)
                ? new ConversationParties(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetString(4))
                : null;
        }, cancellationToken);

    /// <summary>Returns the last <c>conversation_seq</c> whose message is older than the given time, or 0.</summary>
    /// <param name="conversation">The conversation's id.</param>
    /// <param name="last">The last <c>conversation_seq</c> of the conversation.</param>
    /// <param name="time">In UTC.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public Task<long> LastBeforeAsync(long conversation, long last, DateTime time, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(LastBeforeSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = conversation });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = last });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = time });
            return (long)(await command.ExecuteScalarAsync(CancellationToken.None))!;
        }, cancellationToken);

    /// <summary>Reads the messages from one <c>conversation_seq</c> to another, both included, in ascending order.</summary>
    public Task<IReadOnlyList<HistoryRow>> ReadAsync(long conversation, long from, long to, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<HistoryRow>>(async connection =>
        {
            await using var command = new NpgsqlCommand(RangeSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = conversation });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            var rows = new List<HistoryRow>();
            while (await row.ReadAsync(CancellationToken.None))
                rows.Add(ReadMessage(row, first: 0));
            return rows;
        }, cancellationToken);

    private Task<InboxSlice> InboxAsync(
        string sql, long user, InboxPlace place, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = place.LastActivityAt });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = place.ConversationId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
            await using var row = await command.ExecuteReaderAsync(CancellationToken.None);
            var rows = new List<ConversationRow>(limit);
            long? head = null;
            while (await row.ReadAsync(CancellationToken.None))
            {
                rows.Add(ReadConversation(row));
                head = row.IsDBNull(12) ? null : row.GetInt64(12);
            }

            return new InboxSlice(rows, head);
        }, cancellationToken);

    private static ConversationRow ReadConversation(NpgsqlDataReader row) => new(
        new InboxPlace(row.GetDateTime(0), row.GetInt64(1)), row.GetString(2), row.GetInt64(3), ReadMessage(row, first: 4));

    private static HistoryRow ReadMessage(NpgsqlDataReader row, int first) => new(
        row.GetGuid(first), row.GetInt64(first + 1),
        ClientId.FromStored(row.GetGuid(first + 2), row.IsDBNull(first + 3) ? null : row.GetString(first + 3)),
        row.GetInt64(first + 4), row.GetInt16(first + 5), row.GetString(first + 6), row.GetDateTime(first + 7));
}
