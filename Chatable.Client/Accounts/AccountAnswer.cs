using System.Text.Json.Serialization;

namespace Chatable.Client.Accounts;

/// <summary>
/// The server's successful response about accounts. The item is a token, or a user with a first token.
/// <code>{"status":"success","data":[{…}],"error":{"code":200,"errors":null,"message":""},"page":1,"per_page":10,"current_page":1}</code>
/// </summary>
internal sealed record AccountAnswer<T>(IReadOnlyList<T?> Data);

/// <summary>The fields of a token that a client uses.</summary>
internal sealed record TokenItem(string AccessKeyId, string SecretAccessKey, string RefreshToken, DateTimeOffset ExpiresAt)
{
    public ChatToken Token => new(AccessKeyId, SecretAccessKey, RefreshToken, ExpiresAt);
}

/// <summary>The field of a new user that the client does not already have.</summary>
internal sealed record UserItem(TokenItem Token);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AccountAnswer<TokenItem>), TypeInfoPropertyName = "TokenAnswer")]
[JsonSerializable(typeof(AccountAnswer<UserItem>), TypeInfoPropertyName = "UserAnswer")]
internal sealed partial class AccountJson : JsonSerializerContext;
