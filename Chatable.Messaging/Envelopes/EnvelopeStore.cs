using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Envelopes;

/// <summary>
/// Reads users' logs, only from the primary: on a replica, commits can become visible in an order other than that of the seqs.
/// </summary>
public sealed class EnvelopeStore(NpgsqlDataSource database)
{
    /// <summary>
    /// The most users per query. Beyond it PostgreSQL's cost estimate triggers JIT compilation each time, mostly for nothing.
    /// </summary>
    public const int KnownAtOnce = 100;

    private const string Head = "SELECT last_seq FROM user_heads WHERE user_id = $1";

    // log_epoch has one row. If the table was never analyzed, the planner assumes a thousand. Without LIMIT 1 it would expect far more work
    // and JIT-compile the statement each time, at a hundred times its cost. A test looks for statements that are compiled.
    private const string CurrentEpoch = "(SELECT * FROM log_epoch LIMIT 1)";

    // The last seq that a log shares with an epoch that has ended. Null if anything but a promotion ended that epoch or a later one. A
    // binary search finds the last seq of that epoch: seqs are dense, and their epoch numbers never fall. Rows written by an older worker
    // carry the highest number of all. Next to those, the search may find a smaller shared seq than the true one.
    private const string SharedUntil = """
        (SELECT (WITH RECURSIVE search (shared, beyond) AS (
                     SELECT 0::bigint, coalesce(h.last_seq, 0) + 1
                     UNION ALL
                     SELECT CASE WHEN e.epoch_number <= p.number THEN e.seq ELSE shared END,
                            CASE WHEN e.epoch_number <= p.number THEN beyond ELSE e.seq END
                     FROM search CROSS JOIN LATERAL (
                         SELECT seq, epoch_number FROM envelopes WHERE user_id = k.user_id AND seq = (shared + beyond) / 2 LIMIT 1) e
                     WHERE beyond - shared > 1)
                 SELECT max(shared) FROM search)
         FROM past_log_epochs p WHERE p.epoch = k.epoch
           AND NOT EXISTS (SELECT FROM past_log_epochs q WHERE q.number >= p.number AND NOT q.is_continued)
         LIMIT 1)
        """;

    // One statement means one snapshot: a head must never be combined with another epoch.
    private const string HeadsOfKnown = $"""
        SELECT l.{LogEpochs.IsOver}, l.epoch, l.number, k.user_id, coalesce(h.last_seq, 0), {SharedUntil}
        FROM {CurrentEpoch} l CROSS JOIN unnest($1, $2) WITH ORDINALITY AS k (user_id, epoch, place)
        LEFT JOIN user_heads h ON h.user_id = k.user_id
        ORDER BY k.place
        """;

    private const string Heads = $"""
        SELECT l.{LogEpochs.IsOver}, l.epoch, l.number, h.user_id, h.last_seq
        FROM {CurrentEpoch} l LEFT JOIN user_heads h ON h.user_id = ANY ($1)
        """;

    // The other party of a direct conversation is the user of the pair who is not the author. In a note to self, both are the author. Each
    // LIMIT 1 tells the planner that there is one row. It then compares neither join orders nor statistics, which took ten times as long as
    // the rest.
    private const string Page = """
        SELECT e.seq, m.message_id, m.conversation_id, m.conversation_seq, m.client_id, m.client_id_text,
               m.author_id, (SELECT username FROM users WHERE id = m.author_id),
               other.id, (SELECT username FROM users WHERE id = other.id), m.type, m.body, m.created_at
        FROM (SELECT * FROM envelopes WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) e
        CROSS JOIN LATERAL (
            SELECT * FROM messages WHERE conversation_id = e.conversation_id AND conversation_seq = e.conversation_seq LIMIT 1) m
        CROSS JOIN LATERAL (SELECT user_low, user_high FROM conversations WHERE id = e.conversation_id LIMIT 1) c
        CROSS JOIN LATERAL (SELECT CASE WHEN c.user_low = m.author_id THEN c.user_high ELSE c.user_low END AS id) other
        ORDER BY e.seq
        """;

    /// <summary>Returns the seq of the user's newest envelope, or 0 for an empty log or an unknown user.</summary>
    public Task<long> HeadAsync(long user, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(Head, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            return await command.ExecuteScalarAsync(CancellationToken.None) as long? ?? 0;
        }, cancellationToken);

    /// <summary>Returns the head of the user's log, and the epoch of its seqs.</summary>
    /// <param name="user">The user whose log is read.</param>
    /// <param name="known">The epoch that a client knows. The answer says up to which seq the log still agrees with it.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<LogHead> LogHeadAsync(long user, Guid? known, CancellationToken cancellationToken) =>
        (await LogHeadsAsync([(user, known ?? Guid.Empty)], cancellationToken))[0];

    /// <summary>Returns the heads of many users, in the given order, for at most <see cref="KnownAtOnce"/> users.</summary>
    public Task<IReadOnlyList<LogHead>> LogHeadsAsync(
        IReadOnlyList<(long User, Guid Known)> users, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(HeadsOfKnown, connection);
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. users.Select(one => one.User)] });
            command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. users.Select(one => one.Known)] });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            return await ReadHeadsAsync(reader);
        }, cancellationToken);

    /// <summary>Returns the heads of many users. Unknown users are missing.</summary>
    public Task<LogHeads> HeadsAsync(IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(Heads, connection);
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. users] });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var heads = new Dictionary<long, long>(users.Count);
            var (isOver, epoch) = (false, default(LogEpoch));
            while (await reader.ReadAsync(CancellationToken.None))
            {
                (isOver, epoch) = ReadEpoch(reader);
                if (!reader.IsDBNull(3))
                    heads[reader.GetInt64(3)] = reader.GetInt64(4);
            }

            return (isOver, new LogHeads(epoch, heads));
        }, cancellationToken);

    /// <summary>Reads at most <paramref name="limit"/> envelopes with a seq above <paramref name="after"/>, in ascending order.</summary>
    /// <param name="user">The user whose log is read.</param>
    /// <param name="known">The epoch of <paramref name="after"/>. The answer says up to which seq the log still agrees with it.</param>
    /// <param name="after">The last seq that the caller already has.</param>
    /// <param name="limit">The most envelopes to return.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public Task<LogPage> ReadAsync(long user, Guid known, long after, int limit, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand(Page)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<long> { TypedValue = user }, new NpgsqlParameter<long> { TypedValue = after },
                            new NpgsqlParameter<int> { TypedValue = limit },
                        },
                    },
                    // Runs after the page query, so that the page's content belongs to this epoch or to an epoch it continues.
                    new NpgsqlBatchCommand(HeadsOfKnown)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<long[]> { TypedValue = [user] }, new NpgsqlParameter<Guid[]> { TypedValue = [known] },
                        },
                    },
                },
            };
            await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
            var page = new List<Envelope>();
            while (await reader.ReadAsync(CancellationToken.None))
                page.Add(new Envelope(reader.GetInt64(0), MessageEntry.Of(ReadMessage(reader))));
            await reader.NextResultAsync(CancellationToken.None);
            var (isOver, heads) = await ReadHeadsAsync(reader);
            return (isOver, new LogPage(heads[0], page));
        }, cancellationToken);

    private Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<(bool IsOver, T Answer)>> read, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => LogEpochs.InEpochAsync(connection, () => read(connection)), cancellationToken);

    private static async Task<(bool IsOver, IReadOnlyList<LogHead> Heads)> ReadHeadsAsync(NpgsqlDataReader reader)
    {
        var isOver = false;
        List<LogHead> heads = [];
        while (await reader.ReadAsync(CancellationToken.None))
        {
            (isOver, var epoch) = ReadEpoch(reader);
            heads.Add(new LogHead(epoch.Id, reader.GetInt64(4))
            {
                EpochNumber = epoch.Number,
                SharedUntil = reader.IsDBNull(5) ? null : reader.GetInt64(5),
            });
        }

        return heads.Count > 0 ? (isOver, heads) : throw new InvalidOperationException("The database has no epoch.");
    }

    private static (bool IsOver, LogEpoch Epoch) ReadEpoch(NpgsqlDataReader row) =>
        (row.GetBoolean(0), new LogEpoch(row.GetGuid(1), row.GetInt32(2)));

    private static MessageRecord ReadMessage(NpgsqlDataReader row) => new()
    {
        MessageId = row.GetGuid(1),
        ConversationId = row.GetInt64(2),
        ConversationSeq = row.GetInt64(3),
        ClientId = ClientId.FromStored(row.GetGuid(4), row.IsDBNull(5) ? null : row.GetString(5)),
        AuthorId = row.GetInt64(6),
        Author = row.GetString(7),
        RecipientId = row.GetInt64(8),
        Recipient = row.GetString(9),
        Type = (MessageType)row.GetInt16(10),
        Body = row.GetFieldValue<byte[]>(11),
        CreatedAt = row.GetDateTime(12),
    };
}
