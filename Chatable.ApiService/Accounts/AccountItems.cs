using System.Text.Json.Serialization;
using Chatable.ApiService.Http;
using Chatable.Messaging.Tokens;

namespace Chatable.ApiService.Accounts;

/// <summary>A new user with its first token.</summary>
internal sealed record RegisteredUser(
    string Email, string FirstName, string LastName, string PhoneNumber, TokenItem Token, string Username)
{
    public static RegisteredUser From(RegisterForm form, IssuedToken token) =>
        new(form.Email, form.FirstName, form.LastName, form.Phone, TokenItem.Of(token), form.Username);
}

/// <summary>A token: the key pair that its owner signs with, and the refresh token. Shown once.</summary>
internal sealed record TokenItem(
    string AccessKeyId, DateTime CreatedAt, DateTime ExpiresAt, bool IsRefreshable, DateTime ModifiedAt,
    string RefreshToken, string SecretAccessKey)
{
    public static TokenItem Of(IssuedToken token) => new(
        token.AccessKeyId, token.CreatedAt, token.ExpiresAt, token.IsRefreshable, token.ModifiedAt,
        token.RefreshToken, token.SecretAccessKey);
}

[JsonSerializable(typeof(ApiEnvelope<RegisteredUser>))]
[JsonSerializable(typeof(RegisteredUser))]
[JsonSerializable(typeof(ApiEnvelope<TokenItem>))]
[JsonSerializable(typeof(RegisterForm))]
[JsonSerializable(typeof(LoginForm))]
[JsonSerializable(typeof(RefreshForm))]
internal sealed partial class AccountsJson : JsonSerializerContext;
