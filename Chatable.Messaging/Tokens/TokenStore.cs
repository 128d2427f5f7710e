using Microsoft.Extensions.Logging;
using Npgsql;

namespace Chatable.Messaging.Tokens;

/// <summary>
/// The table <c>auth_tokens</c>. The tokens that follow from one login by refreshing form a line. A live token is neither rotated, revoked
/// nor expired. A line has more than one where a refresh token was given again before a token it was exchanged for was used.
/// </summary>
/// <remarks>
/// Whatever adds to a line or ends it holds the row lock of its user, so that no refresh slips a new token into a line that is being
/// revoked. The first use of a token is noted without that lock: beside a refresh that gives its parent again it counts as the later one.
/// Times are the database's: replicas need not agree on the time.
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

    /// <summary>A new token at the head of a new line.</summary>
    /// <param name="userId">Whose token it is.</param>
    /// <param name="device">A label of the device for its owner's eyes, or null.</param>
    /// <param name="lifetime">How long the access key and the refresh token live.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IssuedToken> IssueAsync(long userId, string? device, TimeSpan lifetime, CancellationToken cancellationToken) =>
        database.AskAsync(
            connection => new TokenFamily(connection, secrets).InsertAsync(userId, Guid.CreateVersion7(), parentId: null, device, lifetime),
            cancellationToken);

    /// <summary>Whether it could be the id of an access key: no other is worth a query or a place in memory.</summary>
    public static bool IsWellFormed(string accessKeyId) => TokenMaterial.TryParseAccessKeyId(accessKeyId, out _);

    /// <returns>The key, live or not, or null where it does not exist or its row was altered.</returns>
    /// <exception cref="EncryptionKeyMissingException">The key exists, but its secret cannot be read here.</exception>
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
    /// Notes that a token is in use, so that the refresh token it was given for cannot be given again. To be called where
    /// <see cref="AccessKey.IsFirstUse"/>, once the client has proved that it holds the secret.
    /// </summary>
    public Task NoteUseAsync(long tokenId, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(NoteUseSql, connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tokenId });
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        }, cancellationToken);

    /// <summary>
    /// Exchanges a refresh token for a new token of the same line. The old access key is dead at once. The old refresh token may be given
    /// again, for another new token, until one of its successors is used: an answer can be lost, and two tabs may ask at once. Given after
    /// that it is a stolen one, or a thief's: its whole line is revoked.
    /// </summary>
    public Task<RefreshResult> RefreshAsync(string refreshToken, TimeSpan lifetime, CancellationToken cancellationToken) =>
        ChangeAsync(line => RefreshAsync(line, TokenMaterial.Hash(refreshToken), lifetime), cancellationToken);

    /// <summary>Ends the line of a token: its access key, its refresh token, and any successor a refresh has just made.</summary>
    public Task<IReadOnlyList<EndedToken>> RevokeAsync(long tokenId, CancellationToken cancellationToken) =>
        ChangeAsync<IReadOnlyList<EndedToken>>(
            async line => await line.LockByTokenAsync(tokenId) is { } lineId ? await line.RevokeAsync(lineId) : [], cancellationToken);

    private async Task<RefreshResult> RefreshAsync(TokenFamily line, byte[] hash, TimeSpan lifetime)
    {
        if (await line.LockByRefreshHashAsync(hash) is not { } held)
            return RefreshResult.Refused;

        if (held.IsSpent)
        {
            var result = new RefreshResult(null, await line.RevokeAsync(held.LineId));
            LogReuse(logger, held.UserId, result.Ended.Count);
            return result;
        }

        if (!held.IsRefreshable)
            return RefreshResult.Refused;

        var ended = held.IsRotated ? await line.DropSurplusAsync(held.LineId, held.TokenId) : await line.RotateAsync(held.TokenId);
        var issued = await line.InsertAsync(held.UserId, held.LineId, held.TokenId, held.Device, lifetime);
        return new RefreshResult(issued, ended);
    }

    // Not to be given up half-way: a caller who has gone would leave it unknown whether the token ended, and it would not be announced.
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

    /// <returns>Those of the tokens that are no longer live.</returns>
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
