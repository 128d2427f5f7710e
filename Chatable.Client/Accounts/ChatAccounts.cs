using System.Text.Json.Serialization.Metadata;
using Chatable.Client.Accounts;
using Chatable.Client.Connections;
using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>
/// Manages users and their tokens. Failures throw <see cref="ChatApiException"/> if the server refuses the request or another system
/// answers, and <see cref="HttpRequestException"/> if no server answers. A name or password with an unpaired surrogate cannot be sent, and
/// throws <see cref="ArgumentException"/>.
/// </summary>
public sealed class ChatAccounts
{
    private readonly ServerCalls _server;

    internal ChatAccounts(ServerCalls server) => _server = server;

    /// <summary>Creates a user and returns its first token.</summary>
    public async Task<ChatToken> RegisterAsync(ChatRegistration registration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registration);
        var item = await PostAsync("/api/register", AccountJson.Default.UserAnswer, cancellationToken,
            ("username", registration.Username), ("password", registration.Password), ("email", registration.Email),
            ("phone", registration.Phone), ("first_name", registration.FirstName), ("last_name", registration.LastName))
            .ConfigureAwait(false);
        return item.Token.Token;
    }

    /// <summary>Returns a new token for a username and password.</summary>
    public Task<ChatToken> LoginAsync(string username, string password, CancellationToken cancellationToken = default) =>
        PostForTokenAsync("/api/auth_token", cancellationToken, ("username", username), ("password", password));

    /// <summary>
    /// Exchanges a token for a new one. The old token can be exchanged again, in case the response was lost, until the new token is first
    /// used.
    /// </summary>
    public Task<ChatToken> RefreshAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return PostForTokenAsync("/api/auth_token/refresh", cancellationToken, ("refresh_token", token.RefreshToken));
    }

    /// <summary>Ends a token. The server closes the connections that use it.</summary>
    public async Task LogoutAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        var answer = await _server.SendAsync(HttpMethod.Delete, "/api/auth_token", token, content: null, cancellationToken)
            .ConfigureAwait(false);
        answer.Read(AccountJson.Default.TokenAnswer);
    }

    // An unpaired surrogate would be sent as another character, and so as another name or password.
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
