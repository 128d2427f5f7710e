using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Messaging.Envelopes;

/// <summary>
/// Reads users' logs. Only ever from the primary: on a replica, commits can become visible in another order than that of the seqs.
/// </summary>
public sealed class EnvelopeStore(NpgsqlDataSource database)
{
    private const string Head = "SELECT last_seq FROM user_heads WHERE user_id = $1";

    // One statement, one snapshot: a head of one epoch must not be taken for that of another.
    private const string HeadAndEpoch =
        "SELECT epoch, coalesce((SELECT last_seq FROM user_heads WHERE user_id = $1), 0) FROM log_epoch";

    private const string Heads = "SELECT user_id, last_seq FROM user_heads WHERE user_id = ANY ($1)";

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
    public Task<LogHead> LogHeadAsync(long user, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(HeadAndEpoch, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            return await reader.ReadAsync(CancellationToken.None)
                ? new LogHead(reader.GetGuid(0), reader.GetInt64(1))
                : throw new InvalidOperationException("The database has no epoch.");
        }, cancellationToken);

    /// <summary>The heads of many users; one who is unknown is missing.</summary>
    public Task<IReadOnlyDictionary<long, long>> HeadsAsync(IReadOnlyCollection<long> users, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<long, long>>(async connection =>
        {
            await using var command = new NpgsqlCommand(Heads, connection);
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. users] });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var heads = new Dictionary<long, long>(users.Count);
            while (await reader.ReadAsync(CancellationToken.None))
                heads[reader.GetInt64(0)] = reader.GetInt64(1);
            return heads;
        }, cancellationToken);

    /// <summary>At most <paramref name="limit"/> envelopes with a seq above <paramref name="after"/>, in their order.</summary>
    public Task<IReadOnlyList<Envelope>> ReadAsync(long user, long after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Envelope>>(async connection =>
        {
            await using var command = new NpgsqlCommand(Page, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = user });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var page = new List<Envelope>();
            while (await reader.ReadAsync(CancellationToken.None))
                page.Add(new Envelope(reader.GetInt64(0), ReadMessage(reader)));
            return page;
        }, cancellationToken);

    /// <summary>Changes when seqs have started over (after a restore): a client that knows another must load everything anew.</summary>
    public Task<Guid> EpochAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT epoch FROM log_epoch", connection);
            return (Guid)(await command.ExecuteScalarAsync(CancellationToken.None))!;
        }, cancellationToken);

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
