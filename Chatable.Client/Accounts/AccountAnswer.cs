using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chatable.Client.Accounts;

/// <summary>
/// What the server says about accounts.
/// <code>{"status":"success","data":[{…}],"error":{"code":200,"errors":null,"message":""},"page":1,"per_page":10,"current_page":1}</code>
/// </summary>
internal sealed record AccountAnswer(IReadOnlyList<JsonElement> Data, AccountError Error);

/// <summary><code>{"code":400,"errors":{"email":"is required"},"message":"Form error"}</code></summary>
internal sealed record AccountError(int Code, IReadOnlyDictionary<string, string>? Errors, string Message);

/// <summary>The fields of a token that a client needs.</summary>
internal sealed record TokenItem(string AccessKeyId, string SecretAccessKey, string RefreshToken, DateTimeOffset ExpiresAt)
{
    public ChatToken Token => new(AccessKeyId, SecretAccessKey, RefreshToken, ExpiresAt);
}

/// <summary>The field of a new user that a client does not know already.</summary>
internal sealed record UserItem(TokenItem Token);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AccountAnswer))]
[JsonSerializable(typeof(TokenItem))]
[JsonSerializable(typeof(UserItem))]
internal sealed partial class AccountJson : JsonSerializerContext;
