namespace Chatable.Client;

/// <summary>
/// What proves who a device's user is. Keep it as you keep passwords. Each device logs in for one of its own: a refresh token that is
/// used again, after the token it gave was used, ends all that followed from it.
/// </summary>
/// <param name="AccessKeyId">Names the key; no secret.</param>
/// <param name="SecretAccessKey">Signs what the device asks for; never sent.</param>
/// <param name="RefreshToken">Gets the next token.</param>
/// <param name="ExpiresAt">When it ends, UTC.</param>
public sealed record ChatToken(string AccessKeyId, string SecretAccessKey, string RefreshToken, DateTimeOffset ExpiresAt)
{
    /// <summary>Without the secrets, so that a log may hold it.</summary>
    public override string ToString() =>
        $"{nameof(ChatToken)} {{ {nameof(AccessKeyId)} = {AccessKeyId}, {nameof(ExpiresAt)} = {ExpiresAt:O} }}";
}

/// <summary>A new user.</summary>
/// <param name="Username">A letter, then letters, digits or underscores.</param>
/// <param name="Password">At least 10 characters, without spaces.</param>
/// <param name="Email">Nobody else's.</param>
/// <param name="Phone">Digits; nobody else's.</param>
/// <param name="FirstName">For people to read.</param>
/// <param name="LastName">For people to read.</param>
public sealed record ChatRegistration(
    string Username, string Password, string Email, string Phone, string FirstName, string LastName)
{
    /// <summary>The username only.</summary>
    public override string ToString() => $"{nameof(ChatRegistration)} {{ {nameof(Username)} = {Username} }}";
}
