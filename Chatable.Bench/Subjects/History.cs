using System.Globalization;
using Npgsql;

namespace Chatable.Bench.Subjects;

/// <summary>
/// Messages put into the database at once, as years of chatting leave them: half of them between users 0 and 1, the others spread over
/// conversations of each user with the ten that follow it.
/// </summary>
internal static class History
{
    public const int ConversationsEach = 10;

    // n counts all messages from 1; conversation 0 is the long one; the texts are such as Marker reads. author_seq is only read where a
    // message is sent again, and n is as unique as the right one. Written in the order of time, as it would have come.
    private const string Sql = """
        CREATE UNLOGGED TABLE seed_user AS
            SELECT substr(username, 2)::int AS number, id FROM users WHERE username ~ '^u[0-9]+$';
        CREATE UNLOGGED TABLE seed_conversation AS
            SELECT row_number() OVER (ORDER BY a.number, step) - 1 AS number, a.id AS one, b.id AS other, NULL::bigint AS id
            FROM seed_user a CROSS JOIN generate_series(1, {ConversationsEach}) AS step
            JOIN seed_user b ON b.number = (a.number + step) % {users};
        WITH made AS (
            INSERT INTO conversations (kind, user_low, user_high)
            SELECT 0, least(one, other), greatest(one, other) FROM seed_conversation ORDER BY number
            RETURNING id, user_low, user_high)
        UPDATE seed_conversation s SET id = made.id FROM made
        WHERE made.user_low = least(s.one, s.other) AND made.user_high = greatest(s.one, s.other);
        CREATE UNLOGGED TABLE seed_message AS
            SELECT n, c.number AS lane, c.id AS conversation,
                   CASE WHEN n % 2 = 0 THEN n / 2 ELSE n / 2 / (SELECT count(*) - 1 FROM seed_conversation) + 1 END AS conversation_seq,
                   CASE WHEN n % 4 < 2 THEN c.one ELSE c.other END AS author, CASE WHEN n % 4 < 2 THEN c.other ELSE c.one END AS recipient,
                   ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid AS id,
                   timestamptz '2026-01-01' + n * interval '10 ms' AS at
            FROM generate_series(1, {messages}) AS n
            JOIN seed_conversation c
                ON c.number = CASE WHEN n % 2 = 0 THEN 0 ELSE 1 + (n / 2) % (SELECT count(*) - 1 FROM seed_conversation) END
            ORDER BY n;
        INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
            SELECT id, conversation, conversation_seq, author, n, id, 0,
                   rpad(lpad(to_hex(lane), 8, '0') || '-' || lpad(to_hex(n), 12, '0') || '-', 64, 'x'), at
            FROM seed_message ORDER BY n;
        CREATE UNLOGGED TABLE seed_envelope AS
            SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY n) AS seq, n, conversation, conversation_seq
            FROM (SELECT author AS user_id, n, conversation, conversation_seq FROM seed_message
                  UNION ALL SELECT recipient, n, conversation, conversation_seq FROM seed_message) AS both_parties;
        INSERT INTO envelopes (user_id, seq, conversation_id, conversation_seq, kind)
            SELECT user_id, seq, conversation, conversation_seq, 0 FROM seed_envelope ORDER BY n;
        UPDATE user_heads h SET last_seq = e.seq
            FROM (SELECT user_id, max(seq) AS seq FROM seed_envelope GROUP BY user_id) e WHERE e.user_id = h.user_id;
        UPDATE conversations c SET last_seq = m.conversation_seq, last_message_at = m.at
            FROM (SELECT DISTINCT ON (conversation) * FROM seed_message ORDER BY conversation, n DESC) m WHERE c.id = m.conversation;
        INSERT INTO participants (conversation_id, user_id, active_minute)
            SELECT id, user_id, date_bin('1 minute', last_message_at, 'epoch') FROM conversations
            CROSS JOIN LATERAL (VALUES (user_low), (user_high)) AS parties (user_id) WHERE last_message_at IS NOT NULL;
        DROP TABLE seed_user, seed_conversation, seed_message, seed_envelope;
        """;

    /// <summary>Fills a database without messages.</summary>
    /// <returns>The long conversation's id and its last place.</returns>
    public static async Task<(long Id, long LastSeq)> FillAsync(
        NpgsqlDataSource database, int users, int messages, CancellationToken cancellationToken)
    {
        var sql = Sql.Replace("{users}", users.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{messages}", messages.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{ConversationsEach}", ConversationsEach.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        await ExecuteAsync(database, sql, cancellationToken);
        await ExecuteAsync(database, "VACUUM ANALYZE", cancellationToken);
        await ExecuteAsync(database, "CHECKPOINT", cancellationToken);
        await using var command = database.CreateCommand("SELECT id, last_seq FROM conversations ORDER BY last_seq DESC LIMIT 1");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 3600;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
