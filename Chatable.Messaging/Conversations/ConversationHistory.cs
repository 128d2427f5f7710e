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

    // A stretch of the user's log, which says which conversations have moved: each one where it is first met there.
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

    // conversation_seq is dense, so a page is a range of messages_pkey. LIMIT says how many there are: most conversations have low
    // numbers only, so the planner takes the beginning of a long one for a good part of the table, and would read all of that.
    internal const string RangeSql = """
        SELECT message_id, conversation_seq, client_id, client_id_text, author_id, type, body, created_at
        FROM messages
        WHERE conversation_id = $1 AND conversation_seq BETWEEN $2 AND $3
        ORDER BY conversation_seq
        LIMIT greatest(0, $3 - $2 + 1)
        """;

    /// <summary>
    /// A page of an inbox along a walk, which null begins. A walk meets every conversation that was there when it began: towards the older
    /// ones first, and those that moved meanwhile at its end, perhaps a second time.
    /// </summary>
    public async Task<InboxStep> WalkAsync(long user, InboxWalk? walk, int limit, CancellationToken cancellationToken)
    {
        if (walk is InboxWalk.Moved moved)
        {
            var stretch = await MovedAsync(user, moved.After, moved.Until, limit, cancellationToken);
            return new InboxStep(stretch.Rows, stretch.Reached < stretch.End ? new InboxWalk.Moved(stretch.Reached, stretch.End) : null);
        }

        // One more than is shown, to see whether there is one.
        var from = walk as InboxWalk.Older;
        var found = await OlderAsync(user, from?.Place, limit + 1, cancellationToken);
        if (found.Rows.Count > limit)
        {
            IReadOnlyList<ConversationRow> rows = [.. found.Rows.Take(limit)];
            return new InboxStep(rows, new InboxWalk.Older(rows[^1].Place, from is null ? found.Head : from.Began));
        }

        // One page alone has seen all there was, and so has a walk during which the log has not grown.
        return new InboxStep(
            found.Rows, from is { Began: { } began } && found.Head != began ? new InboxWalk.Moved(began, long.MaxValue) : null);
    }

    /// <summary>The next conversations after a place, towards the older ones; latest first. Null begins with the latest of all.</summary>
    public Task<InboxSlice> OlderAsync(long user, InboxPlace? before, int limit, CancellationToken cancellationToken) =>
        InboxAsync(
            OlderSql, user, before ?? new InboxPlace(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc), long.MaxValue), limit,
            cancellationToken);

    /// <summary>The conversations next to a place, towards the newer ones; latest first too.</summary>
    public Task<InboxSlice> NewerAsync(long user, InboxPlace after, int limit, CancellationToken cancellationToken) =>
        InboxAsync(NewerSql, user, after, limit, cancellationToken);

    /// <summary>
    /// The conversations in which something was said between two places of the user's log, the first excluded, the last included; latest
    /// first. Where there are more than <paramref name="limit"/>, or the way is long, those of its beginning.
    /// </summary>
    private Task<MovedSlice> MovedAsync(long user, long after, long until, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(MovedSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = until });
            // One more than is shown, to see how far this goes.
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

    /// <summary>Null where there is no such conversation, or the user takes no part in it.</summary>
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

    /// <summary>The messages from one <c>conversation_seq</c> to another, both included, in their order.</summary>
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
