using Microsoft.Extensions.Logging;
using Npgsql;

namespace Chatable.Messaging.Tokens;

/// <summary>
/// The table <c>auth_tokens</c>. The tokens that descend from one login by refreshing form a family. A live token is neither rotated,
/// revoked nor expired. A family has several live tokens if a refresh token was used again before one of its successors was used.
/// </summary>
/// <remarks>
/// Every change that adds to a family or ends it holds the row lock of its user. No refresh can therefore add a token to a family that is
/// being revoked. The first use of a token is recorded without that lock. If it races with another use of the parent refresh token, it
/// counts as the later one. All times are the database's, so replicas' clocks need not agree.
/// </remarks>
public sealed partial class TokenStore(NpgsqlDataSource database, TokenSecretProtector secrets, ILogger<TokenStore> logger)
{
    private const string FindSql = """
        SELECT t.id, t.user_id, u.username, t.secret, t.expires_at,
               t.revoked_at IS NULL AND t.rotated_at IS NULL AND u.is_active, t.expires_at > now(),
               EXISTS (SELECT FROM auth_tokens p WHERE p.id = t.parent_id AND p.is_repeatable)
        FROM auth_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.access_key_id = $1
        """;

    private const string NoteUseSql = """
        UPDATE auth_tokens SET is_repeatable = false
        WHERE is_repeatable AND id = (SELECT parent_id FROM auth_tokens WHERE id = $1)
        """;

    private const string FindEndedSql = """
        SELECT asked.id FROM unnest($1) AS asked (id)
        WHERE NOT EXISTS (
            SELECT FROM auth_tokens t JOIN users u ON u.id = t.user_id
            WHERE t.id = asked.id AND t.revoked_at IS NULL AND t.rotated_at IS NULL AND t.expires_at > now() AND u.is_active)
        """;

    /// <summary>Issues the first token of a new family.</summary>
    /// <param name="userId">The owner of the token.</param>
    /// <param name="device">A label for the device, shown to its owner, or null.</param>
    /// <param name="lifetime">The lifetime of the access key and the refresh token.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<IssuedToken> IssueAsync(long userId, string? device, TimeSpan lifetime, CancellationToken cancellationToken) =>
        database.AskAsync(
            connection => new TokenFamily(connection, secrets).InsertAsync(userId, Guid.CreateVersion7(), parentId: null, device, lifetime),
            cancellationToken);

    /// <summary>Whether the text can be the id of an access key. Other texts are neither queried nor cached.</summary>
    public static bool IsWellFormed(string accessKeyId) => TokenMaterial.TryParseAccessKeyId(accessKeyId, out _);

    /// <returns>The key, live or not, or null if it does not exist or its row was altered.</returns>
    /// <exception cref="EncryptionKeyMissingException">The key exists, but this process cannot decrypt its secret.</exception>
    public async Task<AccessKey?> FindAccessKeyAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        if (!TokenMaterial.TryParseAccessKeyId(accessKeyId, out var id))
            return null;

        return await database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(FindSql, connection);
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = id });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            return await reader.ReadAsync(CancellationToken.None) ? ReadAccessKey(reader, accessKeyId, id) : null;
        }, cancellationToken);
    }

    /// <summary>
    /// Records that a token is in use, so that its parent refresh token can no longer be used. Call it if
    /// <see cref="AccessKey.IsFirstUse"/> is true, once the client has proved that it holds the secret.
    /// </summary>
    public Task NoteUseAsync(long tokenId, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(NoteUseSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tokenId });
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        }, cancellationToken);

    /// <summary>
    /// Exchanges a refresh token for a new token of the same family. The old access key ends at once. The old refresh token can be used
    /// again, for another new token, until one of its successors is used: an answer can be lost, and two tabs may refresh at once. Using it
    /// after that shows that it was stolen, or that a thief used the successor. The whole family is then revoked.
    /// </summary>
    public Task<RefreshResult> RefreshAsync(string refreshToken, TimeSpan lifetime, CancellationToken cancellationToken) =>
        ChangeAsync(family => RefreshAsync(family, TokenMaterial.Hash(refreshToken), lifetime), cancellationToken);

    /// <summary>Ends the family of a token: its access key, its refresh token, and any successor that a refresh has just created.</summary>
    public Task<IReadOnlyList<EndedToken>> RevokeAsync(long tokenId, CancellationToken cancellationToken) =>
        ChangeAsync<IReadOnlyList<EndedToken>>(
            async family => await family.LockByTokenAsync(tokenId) is { } familyId ? await family.RevokeAsync(familyId) : [], cancellationToken);

    private async Task<RefreshResult> RefreshAsync(TokenFamily family, byte[] hash, TimeSpan lifetime)
    {
        if (await family.LockByRefreshHashAsync(hash) is not { } held)
            return RefreshResult.Refused;

        if (held.IsSpent)
        {
            var result = new RefreshResult(null, await family.RevokeAsync(held.FamilyId));
            LogReuse(logger, held.UserId, result.Ended.Count);
            return result;
        }

        if (!held.IsRefreshable)
            return RefreshResult.Refused;

        var ended = held.IsRotated ? await family.DropSurplusAsync(held.FamilyId, held.TokenId) : await family.RotateAsync(held.TokenId);
        var issued = await family.InsertAsync(held.UserId, held.FamilyId, held.TokenId, held.Device, lifetime);
        return new RefreshResult(issued, ended);
    }

    // Cannot be cancelled halfway. After a cancellation it would be unknown whether the token ended, and the end would not be announced.
    private async Task<T> ChangeAsync<T>(Func<TokenFamily, Task<T>> change, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.AskAsync(async () =>
        {
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            var result = await change(new TokenFamily(connection, secrets));
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        }, CancellationToken.None);
    }

    /// <returns>The given tokens that are no longer live.</returns>
    public Task<IReadOnlyList<long>> FindRevokedAsync(IReadOnlyCollection<long> tokenIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<long>>(async connection =>
        {
            await using var command = new NpgsqlCommand(FindEndedSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. tokenIds] });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var ended = new List<long>();
            while (await reader.ReadAsync(CancellationToken.None))
                ended.Add(reader.GetInt64(0));
            return ended;
        }, cancellationToken);

    private AccessKey? ReadAccessKey(NpgsqlDataReader row, string accessKeyId, byte[] id)
    {
        var (tokenId, userId, stored) = (row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(3));
        if (secrets.MissingKeyOf(stored) is { } keyId)
        {
            LogKeyMissing(logger, tokenId, keyId);
            throw new EncryptionKeyMissingException(keyId);
        }

        if (!secrets.TryUnprotect(stored, id, userId, out var secret))
        {
            LogAlteredSecret(logger, tokenId);
            return null;
        }

        var expiresAt = new DateTimeOffset(row.GetDateTime(4), TimeSpan.Zero);
        var state = !row.GetBoolean(5) ? AccessKeyState.Revoked : row.GetBoolean(6) ? AccessKeyState.Live : AccessKeyState.Expired;
        return new AccessKey(
            accessKeyId, TokenMaterial.SigningKey(secret), tokenId, userId, row.GetString(2), expiresAt, state,
            IsFirstUse: row.GetBoolean(7));
    }
}
