namespace Chatable.Messaging.Tokens;

/// <summary>A token as its owner gets it, once: neither the secret nor the refresh token can be read from the database again.</summary>
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

/// <summary>An access key with what its tokens are verified against. <paramref name="Secret"/> is the base32 text in ASCII.</summary>
/// <param name="AccessKeyId">As its owner gives it.</param>
/// <param name="Secret">See above.</param>
/// <param name="TokenId">The row of the token.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Username">The name of that user.</param>
/// <param name="ExpiresAt">The end of the token.</param>
/// <param name="State">Whether it opens anything. A secret of an ended key only serves to tell its owner why it does not.</param>
/// <param name="IsFirstUse">
/// Whether nobody has noted yet that it is in use, and it matters: see <see cref="TokenStore.NoteUseAsync"/>.
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

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Exchanged, ended by a logout or with its line, or its user is deactivated.</summary>
    Revoked,
}

/// <summary>A token that was live until just now.</summary>
public readonly record struct EndedToken(long TokenId, string AccessKeyId);

/// <summary>What became of a refresh token. Where it was reused, <see cref="Ended"/> holds what its line had left.</summary>
public sealed record RefreshResult(IssuedToken? Issued, IReadOnlyList<EndedToken> Ended)
{
    public static RefreshResult Refused { get; } = new(null, []);
}
