using Chatable.Messaging.Tokens;
using Chatable.MigrationService;
using Chatable.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chatable.Tests.Migrations;

/// <summary>Data stored by an earlier version survives the scripts of a later one.</summary>
public sealed class UpgradeTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EachEnvelopeStillLeadsToItsMessage()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(
            database, [.. MigrationScript.Embedded.TakeWhile(script => script.Name != "0005_messages_by_place.sql")], Cancelled);
        await Sql.ExecuteAsync(database, """
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                SELECT 'user' || n, n || '@example.com', n::text, 'a', 'b', 'c' FROM generate_series(1, 3) n;
            INSERT INTO conversations (kind, user_low, user_high, last_seq) VALUES (0, 1, 2, 2), (0, 2, 3, 1);
            INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, type, body, created_at)
                SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, (ARRAY[1, 1, 2])[n], (ARRAY[1, 2, 1])[n], 2, n,
                       gen_random_uuid(), 0, 'text ' || n, now()
                FROM generate_series(1, 3) n;
            INSERT INTO envelopes (user_id, seq, kind, message_id)
                SELECT 2, author_seq, 0, message_id FROM messages
                UNION ALL SELECT 1, author_seq, 0, message_id FROM messages WHERE conversation_id = 1
                UNION ALL SELECT 3, 1, 0, message_id FROM messages WHERE conversation_id = 2;
            """, Cancelled);

        await MigrationRun.ApplyAsync(database, null, Cancelled);

        Assert.Equal(
            ["1: 1 text 1", "1: 2 text 2", "2: 1 text 1", "2: 2 text 2", "2: 3 text 3", "3: 1 text 3"],
            await Sql.QueryAsync<string>(
                database,
                """
                SELECT e.user_id || ': ' || e.seq || ' ' || m.body
                FROM envelopes e JOIN messages m USING (conversation_id, conversation_seq) ORDER BY e.user_id, e.seq
                """,
                Cancelled));
    }

    [Fact]
    public async Task RefreshTokenExchangedBeforeIsNotGoodAgain()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);
        await MigrationRun.ApplyAsync(
            database, [.. MigrationScript.Embedded.TakeWhile(script => script.Name != "0006_repeated_refresh.sql")], Cancelled);
        await Sql.ExecuteAsync(database, """
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                VALUES ('ann', 'ann@example.com', '1', 'a', 'b', 'c');
            INSERT INTO auth_tokens (user_id, line_id, access_key_id, secret, refresh_hash, expires_at, rotated_at)
                SELECT 1, '00000000-0000-7000-8000-000000000001', sha256(n::text::bytea), decode(repeat('00', 64), 'hex'),
                       sha256(upper(n)::bytea), now() + interval '1 day', CASE n WHEN 'old' THEN now() END
                FROM unnest(ARRAY['old', 'new']) n;
            """, Cancelled);

        await MigrationRun.ApplyAsync(database, null, Cancelled);

        await using var source = NpgsqlDataSource.Create(database);
        var protector = new TokenSecretProtector(new() { Key = "the key of these tests, long enough" });
        var tokens = new TokenStore(source, protector, NullLogger<TokenStore>.Instance);
        var reused = await tokens.RefreshAsync("OLD", TimeSpan.FromDays(1), Cancelled);
        Assert.Null(reused.Issued);
        Assert.Single(reused.Ended);
    }
}
