namespace Chatable.Messaging.Tokens;

/// <summary>A token as its owner receives it, once. Neither the secret nor the refresh token can be read from the database again.</summary>
public sealed record IssuedToken
{
    public required string AccessKeyId { get; init; }
    public required string SecretAccessKey { get; init; }
    public required string RefreshToken { get; init; }
    public required bool IsRefreshable { get; init; }
    public required DateTime CreatedAt { get; init; }
    public required DateTime ModifiedAt { get; init; }
    public required DateTime ExpiresAt { get; init; }
}

/// <summary>An access key, and the data to verify its tokens. <paramref name="Secret"/> is the base32 text in ASCII.</summary>
/// <param name="AccessKeyId">The id as its owner sends it.</param>
/// <param name="Secret">The signing key: the base32 text of the secret, in ASCII.</param>
/// <param name="TokenId">The id of the token's row.</param>
/// <param name="UserId">The owner of the token.</param>
/// <param name="Username">The owner's username.</param>
/// <param name="ExpiresAt">When the token expires.</param>
/// <param name="State">Whether the key grants access. The secret of an ended key only serves to tell its owner why it does not.</param>
/// <param name="IsFirstUse">
/// Whether this use must still be recorded with <see cref="TokenStore.NoteUseAsync"/>: nobody has recorded one yet, and the parent token
/// can still be used again.
/// </param>
public sealed record AccessKey(
    string AccessKeyId, byte[] Secret, long TokenId, long UserId, string Username, DateTimeOffset ExpiresAt,
    AccessKeyState State = AccessKeyState.Live, bool IsFirstUse = false)
{
    public bool IsLive => State == AccessKeyState.Live;
}

public enum AccessKeyState
{
    Live,

    /// <summary>The key has expired.</summary>
    Expired,

    /// <summary>The key was exchanged, ended by a logout or with its family, or its user is deactivated.</summary>
    Revoked,
}

/// <summary>A token that was live until just now.</summary>
public readonly record struct EndedToken(long TokenId, string AccessKeyId);

/// <summary>The result of a refresh. After reuse, <see cref="Ended"/> holds the tokens of the family that were still live.</summary>
public sealed record RefreshResult(IssuedToken? Issued, IReadOnlyList<EndedToken> Ended)
{
    public static RefreshResult Refused { get; } = new(null, []);
}
