using Npgsql;
using NpgsqlTypes;

namespace Chatable.Messaging.Tokens;

/// <summary>
/// The steps of a change to a token family, on one connection, within the caller's transaction and its <see cref="AnswerLimit"/>. The
/// database column <c>line_id</c> identifies the family.
/// </summary>
internal sealed class TokenFamily(NpgsqlConnection connection, TokenSecretProtector secrets)
{
    /// <summary>The most unused successors of one refresh token. A further one replaces the oldest.</summary>
    public const int MaxUnused = 8;

    // The lock comes first, and a separate statement reads the row: its snapshot then includes what the last lock holder committed.
    private const string LockSql =
        "SELECT FROM users WHERE id = (SELECT user_id FROM auth_tokens WHERE {0} = $1) FOR NO KEY UPDATE";

    private const string SettingsSql = $"SELECT {OrphanedLocks.End}, set_config('lock_timeout', '5s', true)";

    private static readonly string s_lockByHashSql = LockSql.Replace("{0}", "refresh_hash", StringComparison.Ordinal);
    private static readonly string s_lockByTokenSql = LockSql.Replace("{0}", "id", StringComparison.Ordinal);

    private const string ByHashSql = """
        SELECT t.id, t.user_id, t.line_id, t.device, t.rotated_at IS NOT NULL, t.rotated_at IS NOT NULL AND NOT t.is_repeatable,
               t.is_refreshable AND t.revoked_at IS NULL AND t.expires_at > now() AND u.is_active
        FROM auth_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.refresh_hash = $1
        """;

    // Each new token also removes old tokens of its user, which nothing else would ever remove. A rotated token must stay until it expires,
    // or its reuse would go undetected. It stays a week longer for investigations. Each call removes at most a hundred, which bounds the
    // work. Rows that another transaction has locked are left to the next call.
    private const string InsertSql = """
        WITH outdated AS (
            DELETE FROM auth_tokens WHERE id IN (
                SELECT id FROM auth_tokens WHERE user_id = $1 AND expires_at < now() - interval '7 days'
                ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
        )
        INSERT INTO auth_tokens (user_id, line_id, access_key_id, secret, refresh_hash, device, expires_at, parent_id)
        VALUES ($1, $2, $3, $4, $5, $6, now() + $7, $8)
        RETURNING created_at, modified_at, expires_at, is_refreshable
        """;

    // Exchanging a token counts as using it: its parent can then no longer be used again.
    private const string RotateSql = """
        WITH parent AS (
            UPDATE auth_tokens SET is_repeatable = false
            WHERE is_repeatable AND id = (SELECT parent_id FROM auth_tokens WHERE id = $1)
        )
        UPDATE auth_tokens SET rotated_at = now(), modified_at = now(), is_repeatable = true WHERE id = $1
        RETURNING id, access_key_id
        """;

    // None of these tokens was ever used, because their parent may still be used again.
    private const string DropSurplusSql = """
        DELETE FROM auth_tokens WHERE id IN (
            SELECT id FROM auth_tokens WHERE line_id = $1 AND parent_id = $2 ORDER BY id DESC OFFSET $3)
        RETURNING id, access_key_id
        """;

    private const string RevokeSql = """
        UPDATE auth_tokens SET revoked_at = now(), modified_at = now(), is_repeatable = false
        WHERE line_id = $1 AND revoked_at IS NULL AND (rotated_at IS NULL OR is_repeatable)
        RETURNING id, access_key_id
        """;

    public async Task<Held?> LockByRefreshHashAsync(byte[] hash)
    {
        await LockAsync(s_lockByHashSql, hash);
        await using var command = new NpgsqlCommand(ByHashSql, connection) { Parameters = { new() { Value = hash } } };
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        if (!await reader.ReadAsync(CancellationToken.None))
            return null;

        var device = await reader.IsDBNullAsync(3, CancellationToken.None) ? null : reader.GetString(3);
        return new Held(
            reader.GetInt64(0), reader.GetInt64(1), reader.GetGuid(2), device, reader.GetBoolean(4), reader.GetBoolean(5),
            reader.GetBoolean(6));
    }

    public async Task<Guid?> LockByTokenAsync(long tokenId)
    {
        await LockAsync(s_lockByTokenSql, tokenId);
        await using var command = new NpgsqlCommand("SELECT line_id FROM auth_tokens WHERE id = $1", connection)
        {
            Parameters = { new() { Value = tokenId } },
        };
        return (Guid?)await command.ExecuteScalarAsync(CancellationToken.None);
    }

    /// <param name="userId">The owner of the token.</param>
    /// <param name="lineId">The token's family.</param>
    /// <param name="parentId">The token it replaces. Null for the first token of a family.</param>
    /// <param name="device">A label for the device, or null.</param>
    /// <param name="lifetime">The token's lifetime.</param>
    public async Task<IssuedToken> InsertAsync(long userId, Guid lineId, long? parentId, string? device, TimeSpan lifetime)
    {
        var material = new TokenMaterial();
        await using var command = new NpgsqlCommand(InsertSql, connection);
        command.Parameters.Add(new() { Value = userId });
        command.Parameters.Add(new() { Value = lineId });
        command.Parameters.Add(new() { Value = material.AccessKeyId });
        command.Parameters.Add(new() { Value = secrets.Protect(material.Secret, material.AccessKeyId, userId) });
        command.Parameters.Add(new() { Value = material.RefreshHash });
        command.Parameters.Add(new() { Value = (object?)device ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = lifetime });
        command.Parameters.Add(new() { Value = (object?)parentId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        await reader.ReadAsync(CancellationToken.None);
        return new IssuedToken
        {
            AccessKeyId = Base32.Encode(material.AccessKeyId),
            SecretAccessKey = Base32.Encode(material.Secret),
            RefreshToken = material.RefreshToken,
            CreatedAt = reader.GetDateTime(0),
            ModifiedAt = reader.GetDateTime(1),
            ExpiresAt = reader.GetDateTime(2),
            IsRefreshable = reader.GetBoolean(3),
        };
    }

    /// <summary>Ends the access key. The refresh token can be used again until one of its successors is used.</summary>
    public async Task<IReadOnlyList<EndedToken>> RotateAsync(long tokenId)
    {
        await using var command = new NpgsqlCommand(RotateSql, connection) { Parameters = { new() { Value = tokenId } } };
        return await ReadEndedAsync(command);
    }

    /// <summary>Makes room for one more successor of a refresh token that is used again.</summary>
    public async Task<IReadOnlyList<EndedToken>> DropSurplusAsync(Guid lineId, long parentId)
    {
        await using var command = new NpgsqlCommand(DropSurplusSql, connection)
        {
            Parameters = { new() { Value = lineId }, new() { Value = parentId }, new() { Value = MaxUnused - 1 } },
        };
        return await ReadEndedAsync(command);
    }

    public async Task<IReadOnlyList<EndedToken>> RevokeAsync(Guid lineId)
    {
        await using var command = new NpgsqlCommand(RevokeSql, connection) { Parameters = { new() { Value = lineId } } };
        return await ReadEndedAsync(command);
    }

    private async Task LockAsync(string sql, object key)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(SettingsSql), new(sql) { Parameters = { new() { Value = key } } } },
        };
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static async Task<IReadOnlyList<EndedToken>> ReadEndedAsync(NpgsqlCommand command)
    {
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        var ended = new List<EndedToken>();
        while (await reader.ReadAsync(CancellationToken.None))
            ended.Add(new EndedToken(reader.GetInt64(0), Base32.Encode(reader.GetFieldValue<byte[]>(1))));
        return ended;
    }

    /// <summary>The token whose family is locked.</summary>
    /// <param name="TokenId">The id of its row.</param>
    /// <param name="UserId">Its owner.</param>
    /// <param name="FamilyId">Its family.</param>
    /// <param name="Device">The label of its device.</param>
    /// <param name="IsRotated">Whether it has been exchanged before.</param>
    /// <param name="IsSpent">Whether one of its successors has been used. Using it again is then reuse.</param>
    /// <param name="IsRefreshable">Whether it is neither revoked nor expired, and its user is active.</param>
    internal readonly record struct Held(
        long TokenId, long UserId, Guid FamilyId, string? Device, bool IsRotated, bool IsSpent, bool IsRefreshable);
}
