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
    public async Task<IssuedToken> IssueAsync(long userId, string? device, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var line = new TokenLine(connection, secrets);
        return await line.InsertAsync(userId, Guid.CreateVersion7(), parentId: null, device, lifetime, cancellationToken);
    }

    /// <summary>Whether it could be the id of an access key: no other is worth a query or a place in memory.</summary>
    public static bool IsWellFormed(string accessKeyId) => TokenMaterial.TryParseAccessKeyId(accessKeyId, out _);

    /// <returns>The key, live or not, or null where it does not exist or its row was altered.</returns>
    /// <exception cref="EncryptionKeyMissingException">The key exists, but its secret cannot be read here.</exception>
    public async Task<AccessKey?> FindAccessKeyAsync(string accessKeyId, CancellationToken cancellationToken)
    {
        if (!TokenMaterial.TryParseAccessKeyId(accessKeyId, out var id))
            return null;

        return await database.ReadAsync(async () =>
        {
            await using var command = database.CreateCommand(FindSql);
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = id });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? ReadAccessKey(reader, accessKeyId, id) : null;
        });
    }

    /// <summary>
    /// Notes that a token is in use, so that the refresh token it was given for cannot be given again. To be called where
    /// <see cref="AccessKey.IsFirstUse"/>, once the client has proved that it holds the secret.
    /// </summary>
    public async Task NoteUseAsync(long tokenId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(NoteUseSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tokenId });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Exchanges a refresh token for a new token of the same line. The old access key is dead at once. The old refresh token may be given
    /// again, for another new token, until one of its successors is used: an answer can be lost, and two tabs may ask at once. Given after
    /// that it is a stolen one, or a thief's: its whole line is revoked.
    /// </summary>
    public async Task<RefreshResult> RefreshAsync(string refreshToken, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var hash = TokenMaterial.Hash(refreshToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var line = new TokenLine(connection, secrets);
        if (await line.LockByRefreshHashAsync(hash, cancellationToken) is not { } held)
            return RefreshResult.Refused;

        RefreshResult result;
        if (held.IsSpent)
        {
            result = new RefreshResult(null, await line.RevokeAsync(held.LineId, cancellationToken));
            LogReuse(logger, held.UserId, result.Ended.Count);
        }
        else if (held.IsRefreshable)
        {
            var ended = held.IsRotated
                ? await line.DropSurplusAsync(held.LineId, held.TokenId, cancellationToken)
                : await line.RotateAsync(held.TokenId, cancellationToken);
            var issued = await line.InsertAsync(held.UserId, held.LineId, held.TokenId, held.Device, lifetime, cancellationToken);
            result = new RefreshResult(issued, ended);
        }
        else
        {
            return RefreshResult.Refused;
        }

        await CommitAsync(transaction);
        return result;
    }

    /// <summary>Ends the line of a token: its access key, its refresh token, and any successor a refresh has just made.</summary>
    public async Task<IReadOnlyList<EndedToken>> RevokeAsync(long tokenId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var line = new TokenLine(connection, secrets);
        if (await line.LockByTokenAsync(tokenId, cancellationToken) is not { } lineId)
            return [];

        var ended = await line.RevokeAsync(lineId, cancellationToken);
        await CommitAsync(transaction);
        return ended;
    }

    /// <returns>Those of the tokens that are no longer live.</returns>
    public Task<IReadOnlyList<long>> FindRevokedAsync(IReadOnlyCollection<long> tokenIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<long>>(async () =>
        {
            await using var command = database.CreateCommand(FindEndedSql);
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. tokenIds] });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var ended = new List<long>();
            while (await reader.ReadAsync(cancellationToken))
                ended.Add(reader.GetInt64(0));
            return ended;
        });

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

    // Not to be given up half-way: a caller who has gone would leave it unknown whether the token ended, and it would not be announced.
    private static Task CommitAsync(NpgsqlTransaction transaction) => transaction.CommitAsync(CancellationToken.None);
}
