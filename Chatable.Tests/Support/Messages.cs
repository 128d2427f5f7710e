using Npgsql;

namespace Chatable.Tests.Support;

/// <summary>Stores messages without the delivery path, for tests of reads.</summary>
public static class Messages
{
    private const string Sql = """
        DO $$
        DECLARE
            author bigint; recipient bigint; conversation bigint; seq bigint; message uuid; at timestamptz; one text;
        BEGIN
            SELECT id INTO STRICT author FROM users WHERE username = current_setting('test.author');
            SELECT id INTO STRICT recipient FROM users WHERE username = current_setting('test.recipient');
            INSERT INTO conversations (kind, user_low, user_high) VALUES (0, least(author, recipient), greatest(author, recipient))
                ON CONFLICT DO NOTHING;
            SELECT id, last_seq INTO STRICT conversation, seq FROM conversations
                WHERE kind = 0 AND user_low = least(author, recipient) AND user_high = greatest(author, recipient);
            INSERT INTO participants (conversation_id, user_id, active_minute)
                SELECT DISTINCT conversation, u, date_bin('1 minute', now(), 'epoch') FROM unnest(ARRAY[author, recipient]) u
                ON CONFLICT DO NOTHING;
            FOREACH one IN ARRAY string_to_array(current_setting('test.bodies'), E'\x1f') LOOP
                seq := seq + 1; message := gen_random_uuid(); at := clock_timestamp();
                INSERT INTO messages
                    (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                    VALUES (message, conversation, seq, author, seq, message, 0, one, at);
                UPDATE conversations SET last_seq = seq, last_message_at = at WHERE id = conversation;
                UPDATE participants SET active_minute = date_bin('1 minute', at, 'epoch') WHERE conversation_id = conversation;
            END LOOP;
        END $$
        """;

    /// <summary>Sends from one user to another, in this order; both may be the same user.</summary>
    public static async Task SendAsync(
        NpgsqlDataSource database, string author, string recipient, IEnumerable<string> bodies, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var settings = new NpgsqlCommand(
            "SELECT set_config('test.author', $1, false), set_config('test.recipient', $2, false), set_config('test.bodies', $3, false)",
            connection)
        {
            Parameters = { new() { Value = author }, new() { Value = recipient }, new() { Value = string.Join('\x1f', bodies) } },
        };
        await settings.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
