using Npgsql;
using NpgsqlTypes;

namespace Chatable.Messaging.Tokens;

/// <summary>
/// The steps of a change to a line of tokens, on one connection, within the caller's transaction and its <see cref="AnswerLimit"/>.
/// </summary>
internal sealed class TokenFamily(NpgsqlConnection connection, TokenSecretProtector secrets)
{
    /// <summary>Successors of one refresh token that nobody has used yet; one more takes the oldest one's place.</summary>
    public const int MaxUnused = 8;

    // The lock comes first and the row is read in a statement of its own: its snapshot then holds what the last holder committed.
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

    // With each new token goes what is left of its user's old ones: nothing else would ever remove them. A rotated token must stay while
    // it lives, or its second use would not be seen; a week more is for whoever looks into one. A hundred at a time bound the work, and
    // rows somebody else has locked are left to the next.
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

    // To exchange a token is to use it: the one it came from cannot be given again.
    private const string RotateSql = """
        WITH parent AS (
            UPDATE auth_tokens SET is_repeatable = false
            WHERE is_repeatable AND id = (SELECT parent_id FROM auth_tokens WHERE id = $1)
        )
        UPDATE auth_tokens SET rotated_at = now(), modified_at = now(), is_repeatable = true WHERE id = $1
        RETURNING id, access_key_id
        """;

    // None of them was ever used, since their parent may still be given again.
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

    /// <param name="userId">Whose token it is.</param>
    /// <param name="lineId">The line it belongs to.</param>
    /// <param name="parentId">The token it is given for; null at the head of a line.</param>
    /// <param name="device">A label of the device, or null.</param>
    /// <param name="lifetime">How long it lives.</param>
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

    /// <summary>Ends the access key; the refresh token may be given again until a successor is used.</summary>
    public async Task<IReadOnlyList<EndedToken>> RotateAsync(long tokenId)
    {
        await using var command = new NpgsqlCommand(RotateSql, connection) { Parameters = { new() { Value = tokenId } } };
        return await ReadEndedAsync(command);
    }

    /// <summary>Makes room for one more successor of a token that is given again.</summary>
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

    /// <summary>The token whose line is locked.</summary>
    /// <param name="TokenId">Its row.</param>
    /// <param name="UserId">Whose it is.</param>
    /// <param name="LineId">Its line.</param>
    /// <param name="Device">Its device's label.</param>
    /// <param name="IsRotated">Whether it was exchanged before.</param>
    /// <param name="IsSpent">Whether a token it was exchanged for has been used: to give it again is reuse.</param>
    /// <param name="IsRefreshable">Whether it is neither revoked nor expired, and its user is active.</param>
    internal readonly record struct Held(
        long TokenId, long UserId, Guid LineId, string? Device, bool IsRotated, bool IsSpent, bool IsRefreshable);
}
