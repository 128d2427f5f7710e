using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Envelopes;

/// <summary>
/// Reads users' logs. Only ever from the primary: on a replica, commits can become visible in another order than that of the seqs.
/// </summary>
public sealed class EnvelopeStore(NpgsqlDataSource database)
{
    /// <summary>With more, PostgreSQL would expect so much work that it compiles the statement each time, mostly for nothing.</summary>
    public const int KnownAtOnce = 100;

    private const string Head = "SELECT last_seq FROM user_heads WHERE user_id = $1";

    // The planner takes a table of one row that nobody has analyzed for one of a thousand: without LIMIT 1 it would expect so many times
    // the work, and compile the statement (JIT) each time, for a hundred times its cost. A test looks for statements that are compiled.
    private const string CurrentEpoch = "(SELECT * FROM log_epoch LIMIT 1)";

    // Up to where a log is the same as in an epoch that has ended; null where anything but promotions has ended it or one after it. The
    // last place of that epoch is looked for by halves: places are dense, and the numbers of their epochs only rise. An older worker's
    // rows have the highest of all numbers; beside those, less may be found than is shared.
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

    // One statement, one snapshot: a head of one epoch must not be taken for that of another.
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

    // The other party of a direct conversation is whichever of the pair is not the author; of a note to oneself, both are. Each LIMIT 1
    // says that there is one: the planner then neither weighs orders nor compares statistics, which took it ten times as long as the rest.
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

    /// <summary>The seq of the user's newest envelope; 0 for an empty log or an unknown user.</summary>
    public Task<long> HeadAsync(long user, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(Head, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            return await command.ExecuteScalarAsync(CancellationToken.None) as long? ?? 0;
        }, cancellationToken);

    /// <summary>Where the user's log stands, and the epoch its seqs belong to.</summary>
    /// <param name="user">Whose log.</param>
    /// <param name="known">The epoch that a client knows, to be told up to where it still holds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<LogHead> LogHeadAsync(long user, Guid? known, CancellationToken cancellationToken) =>
        (await LogHeadsAsync([(user, known ?? Guid.Empty)], cancellationToken))[0];

    /// <summary>The same of many users, in their order; <see cref="KnownAtOnce"/> at most.</summary>
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

    /// <summary>The heads of many users; one who is unknown is missing.</summary>
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

    /// <summary>At most <paramref name="limit"/> envelopes with a seq above <paramref name="after"/>, in their order.</summary>
    /// <param name="user">Whose log.</param>
    /// <param name="known">The epoch that <paramref name="after"/> is of, to be told up to where it still holds.</param>
    /// <param name="after">The last place that is not wanted.</param>
    /// <param name="limit">The most envelopes at once.</param>
    /// <param name="cancellationToken">Gives up.</param>
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
                    // Later than the page, so that what that holds is of this epoch or of what it goes on from.
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
                page.Add(new Envelope(reader.GetInt64(0), ReadMessage(reader)));
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
