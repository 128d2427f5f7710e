using System.Globalization;
using System.Security.Claims;
using Chatable.Messaging.Tokens;

namespace Chatable.ApiService.Auth;

/// <summary>The user that a request comes from, and the token used.</summary>
/// <param name="UserId">The user's id.</param>
/// <param name="Username">The username in the letter case that the user chose.</param>
/// <param name="TokenId">The row of the presented token.</param>
/// <param name="AccessKeyId">The access key that the client signed with.</param>
/// <param name="ExpiresAt">When the access key expires. The JWT may expire earlier, but it only authenticates the opening of a
/// connection.</param>
internal sealed record AuthenticatedUser(long UserId, string Username, long TokenId, string AccessKeyId, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether the given name, which may be null, refers to this user.</summary>
    public bool Is(string? username) => username is null || username.Equals(Username, StringComparison.OrdinalIgnoreCase);
}

internal static class AuthenticatedUserClaims
{
    private const string UserId = "user_id";
    private const string Username = "username";
    private const string TokenId = "token_id";
    private const string AccessKeyId = "access_key_id";
    private const string ExpiresAt = "expires_at";

    /// <summary>Uses only the database's data about the key: a client may write any claims into its own token.</summary>
    public static ClaimsIdentity ToIdentity(this AccessKey key) => new(
    [
        new Claim(UserId, key.UserId.ToString(CultureInfo.InvariantCulture), ClaimValueTypes.Integer64),
        new Claim(Username, key.Username),
        new Claim(TokenId, key.TokenId.ToString(CultureInfo.InvariantCulture), ClaimValueTypes.Integer64),
        new Claim(AccessKeyId, key.AccessKeyId),
        new Claim(ExpiresAt, key.ExpiresAt.ToString("O", CultureInfo.InvariantCulture), ClaimValueTypes.DateTime),
    ], authenticationType: "access_key", nameType: Username, roleType: null);

    /// <summary>Returns the user of a request to an endpoint that requires authorization.</summary>
    public static AuthenticatedUser Authenticated(this ClaimsPrincipal principal) => new(
        long.Parse(principal.Text(UserId), CultureInfo.InvariantCulture),
        principal.Text(Username),
        long.Parse(principal.Text(TokenId), CultureInfo.InvariantCulture),
        principal.Text(AccessKeyId),
        DateTimeOffset.Parse(principal.Text(ExpiresAt), CultureInfo.InvariantCulture));

    private static string Text(this ClaimsPrincipal principal, string claim) =>
        principal.FindFirstValue(claim) ?? throw new InvalidOperationException($"The principal has no claim '{claim}'.");
}
