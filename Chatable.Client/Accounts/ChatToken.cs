namespace Chatable.Client;

/// <summary>
/// A device's proof of its user's identity. Store it as carefully as a password. Each device logs in for its own token. If a refresh token
/// is used again after its successor was used, the whole token family ends.
/// </summary>
/// <param name="AccessKeyId">Identifies the key. Not a secret.</param>
/// <param name="SecretAccessKey">Signs the device's requests. Never sent.</param>
/// <param name="RefreshToken">Is exchanged for the next token.</param>
/// <param name="ExpiresAt">When the token expires, UTC.</param>
public sealed record ChatToken(string AccessKeyId, string SecretAccessKey, string RefreshToken, DateTimeOffset ExpiresAt)
{
    /// <summary>Omits the secrets, so that the text can be logged.</summary>
    public override string ToString() =>
        $"{nameof(ChatToken)} {{ {nameof(AccessKeyId)} = {AccessKeyId}, {nameof(ExpiresAt)} = {ExpiresAt:O} }}";
}

/// <summary>The data of a new user.</summary>
/// <param name="Username">A letter, then letters, digits or underscores.</param>
/// <param name="Password">At least 10 characters, without spaces.</param>
/// <param name="Email">Must not belong to another user.</param>
/// <param name="Phone">Digits only. Must not belong to another user.</param>
/// <param name="FirstName">The first name, for display.</param>
/// <param name="LastName">The last name, for display.</param>
public sealed record ChatRegistration(
    string Username, string Password, string Email, string Phone, string FirstName, string LastName)
{
    /// <summary>Returns the username only.</summary>
    public override string ToString() => $"{nameof(ChatRegistration)} {{ {nameof(Username)} = {Username} }}";
}
