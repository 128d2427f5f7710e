using System.Text.Json.Serialization.Metadata;
using Chatable.Client.Accounts;
using Chatable.Client.Connections;
using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>
/// Users and their tokens. Every method throws <see cref="ChatApiException"/> where the server says no or something else answers, and
/// <see cref="HttpRequestException"/> where nobody does. A name or password with half a surrogate pair is an
/// <see cref="ArgumentException"/>: it cannot be sent.
/// </summary>
public sealed class ChatAccounts
{
    private readonly ServerCalls _server;

    internal ChatAccounts(ServerCalls server) => _server = server;

    /// <summary>Creates a user and gives it a first token.</summary>
    public async Task<ChatToken> RegisterAsync(ChatRegistration registration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registration);
        var item = await PostAsync("/api/register", AccountJson.Default.UserAnswer, cancellationToken,
            ("username", registration.Username), ("password", registration.Password), ("email", registration.Email),
            ("phone", registration.Phone), ("first_name", registration.FirstName), ("last_name", registration.LastName))
            .ConfigureAwait(false);
        return item.Token.Token;
    }

    /// <summary>Gives a new token for a username and password.</summary>
    public Task<ChatToken> LoginAsync(string username, string password, CancellationToken cancellationToken = default) =>
        PostForTokenAsync("/api/auth_token", cancellationToken, ("username", username), ("password", password));

    /// <summary>
    /// Exchanges a token for a new one. The old one is void once the new one is used; until then an exchange whose answer was lost can be
    /// repeated.
    /// </summary>
    public Task<ChatToken> RefreshAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return PostForTokenAsync("/api/auth_token/refresh", cancellationToken, ("refresh_token", token.RefreshToken));
    }

    /// <summary>Ends a token. Connections that use it are closed.</summary>
    public async Task LogoutAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        var answer = await _server.SendAsync(HttpMethod.Delete, "/api/auth_token", token, content: null, cancellationToken)
            .ConfigureAwait(false);
        answer.Read(AccountJson.Default.TokenAnswer);
    }

    // Sent, it would be another name, or another password.
    private static KeyValuePair<string, string> Checked((string Name, string Value) field) => SendRules.IsWhole(field.Value)
        ? KeyValuePair.Create(field.Name, field.Value)
        : throw new ArgumentException("It has half a surrogate pair.", field.Name);

    private async Task<ChatToken> PostForTokenAsync(
        string path, CancellationToken cancellationToken, params IEnumerable<(string Name, string Value)> fields)
    {
        var item = await PostAsync(path, AccountJson.Default.TokenAnswer, cancellationToken, fields).ConfigureAwait(false);
        return item.Token;
    }

    private async Task<T> PostAsync<T>(
        string path, JsonTypeInfo<AccountAnswer<T>> type, CancellationToken cancellationToken,
        params IEnumerable<(string Name, string Value)> fields)
        where T : class
    {
        using var content = new FormUrlEncodedContent(fields.Select(Checked));
        var answer = await _server.SendAsync(HttpMethod.Post, path, token: null, content, cancellationToken).ConfigureAwait(false);
        return answer.Read(type).Data is [{ } item] ? item : throw answer.Exception();
    }
}
