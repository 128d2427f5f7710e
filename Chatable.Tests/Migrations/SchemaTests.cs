using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Migrations;

/// <summary>The database itself refuses to break what the code relies on.</summary>
public sealed class SchemaTests(PostgresServer postgres)
{
    private const string TwoUsers =
        """
        INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
        VALUES ('Ann', 'Ann@example.org', '1001', 'Ann', 'A', 'hash'), ('bob', 'bob@example.org', '1002', 'Bob', 'B', 'hash');
        INSERT INTO auth_tokens (user_id, line_id, access_key_id, secret, refresh_hash, expires_at)
        VALUES (1, gen_random_uuid(), decode(repeat('01', 32), 'hex'), decode(repeat('00', 64), 'hex'),
                decode(repeat('02', 32), 'hex'), now());
        INSERT INTO conversations (kind, user_low, user_high) VALUES (0, 1, 2), (0, 1, 1);
        INSERT INTO participants (conversation_id, user_id, active_minute) VALUES (1, 1, '2026-01-01 00:00Z'), (1, 2, '2026-01-01 00:00Z');
        INSERT INTO messages VALUES ('00000000-0000-7000-8000-000000000001', 1, 1, 1, 1,
                                     '00000000-0000-7000-8000-00000000000a', NULL, 0, 'hi', now());
        INSERT INTO user_heads VALUES (1, 1), (2, 1);
        INSERT INTO envelopes SELECT u.id, 1, m.conversation_id, m.conversation_seq, 0 FROM users u, messages m;
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Violations => new()
    {
        { "users_username_key", User("aNN", "c@example.org", "1003") },
        { "users_email_key", User("carl", "ann@EXAMPLE.org", "1003") },
        { "users_phone_number_key", User("carl", "c@example.org", "1001") },
        { "users_username_check", User("1st", "c@example.org", "1003") },
        { "users_username_check", User("x", "c@example.org", "1003") },
        { "users_username_check", User(new string('a', 65), "c@example.org", "1003") },
        { "users_username_check", User("zo\u00eb", "c@example.org", "1003") },
        { "users_email_check", User("carl", "nowhere", "1003") },
        { "users_phone_number_check", User("carl", "c@example.org", "+1003") },
        { "auth_tokens_access_key_id_key", Token("1", "'01'", "'03'", 64) },
        { "auth_tokens_refresh_hash_key", Token("1", "'03'", "'02'", 64) },
        { "auth_tokens_user_id_fkey", Token("77", "'03'", "'04'", 64) },
        { "auth_tokens_secret_check", Token("1", "'03'", "'04'", 8) },
        { "conversations_pair_key", "INSERT INTO conversations (kind, user_low, user_high) VALUES (0, 1, 2)" },
        { "conversations_pair_key", "INSERT INTO conversations (kind, user_low, user_high) VALUES (0, 1, 1)" },
        { "conversations_pair_check", "INSERT INTO conversations (kind, user_low, user_high) VALUES (0, 2, 1)" },
        { "conversations_pair_check", "INSERT INTO conversations (kind, user_low) VALUES (0, 2)" },
        { "conversations_kind_check", "INSERT INTO conversations (kind, user_low, user_high) VALUES (9, 2, 2)" },
        { "conversations_user_high_fkey", "INSERT INTO conversations (kind, user_low, user_high) VALUES (0, 1, 77)" },
        { "participants_pkey", Participant("2026-01-01 00:00Z", user: 2) },
        { "participants_active_minute_check", Participant("2026-01-01 00:00:01Z", user: 3) },
        { "messages_author_client_key", Message(id: 2, seq: 2, client: 'a') },
        { "messages_pkey", Message(id: 2, seq: 1, client: 'b') },
        { "messages_type_check", Message(id: 2, seq: 2, client: 'b', type: 2) },
        { "messages_conversation_seq_check", Message(id: 2, seq: 0, client: 'b') },
        { "user_heads_pkey", "INSERT INTO user_heads VALUES (1, 0)" },
        { "user_heads_user_id_fkey", "INSERT INTO user_heads VALUES (77, 0)" },
        { "envelopes_pkey", "INSERT INTO envelopes VALUES (2, 1, 1, 1, 0)" },
        { "envelopes_seq_check", "INSERT INTO envelopes VALUES (2, 0, 1, 1, 0)" },
        { "envelopes_message_check", "INSERT INTO envelopes VALUES (2, 2, NULL, 1, 0)" },
        { "envelopes_message_check", "INSERT INTO envelopes VALUES (2, 2, 1, NULL, 0)" },
        { "log_epoch_pkey", "INSERT INTO log_epoch (epoch, timeline) VALUES (gen_random_uuid(), '1')" },
        { "log_epoch_only_row_check", "INSERT INTO log_epoch VALUES (false, gen_random_uuid(), 0, '1')" },
        {
            "past_log_epochs_pkey",
            "INSERT INTO past_log_epochs SELECT epoch, number, b FROM log_epoch, (VALUES (true), (false)) AS twice (b)"
        },
    };

    [Fact]
    public async Task EveryConstraintRefusesItsViolation()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);
        await Sql.ExecuteAsync(database, TwoUsers, Cancelled);

        foreach (var (constraint, sql) in Violations.Select(row => row.Data))
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(database, sql, Cancelled));
            Assert.Equal(constraint, refused.ConstraintName);
        }
    }

    [Fact]
    public async Task EveryIndexSaysWhichQueryItServes()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);

        var silent = await Sql.QueryAsync<string>(
            database,
            """
            SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
            WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'schema_versions'
              AND coalesce(obj_description(i.indexrelid, 'pg_class'), '') = ''
            """,
            Cancelled);

        Assert.Empty(silent);
    }

    private static string User(string username, string email, string phone) =>
        "INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash) "
        + $"VALUES ('{username}', '{email}', '{phone}', 'C', 'C', 'hash')";

    private static string Token(string user, string access, string refresh, int secretBytes) =>
        "INSERT INTO auth_tokens (user_id, line_id, access_key_id, secret, refresh_hash, expires_at) VALUES "
        + $"({user}, gen_random_uuid(), decode(repeat({access}, 32), 'hex'), decode(repeat('00', {secretBytes}), 'hex'), "
        + $"decode(repeat({refresh}, 32), 'hex'), now())";

    private static string Participant(string minute, int user) =>
        $"INSERT INTO participants (conversation_id, user_id, active_minute) VALUES (1, {user}, '{minute}')";

    private static string Message(int id, int seq, char client, int type = 0) =>
        $"INSERT INTO messages VALUES ('00000000-0000-7000-8000-00000000000{id}', 1, {seq}, 1, 2, "
        + $"'00000000-0000-7000-8000-00000000000{client}', NULL, {type}, 'hi', now())";
}
