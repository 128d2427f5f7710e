using System.Net.Http.Json;
using System.Text.Json;
using Chatable.Client.Accounts;
using Chatable.Client.Connections;

namespace Chatable.Client;

/// <summary>
/// Users and their tokens. Every method throws <see cref="ChatApiException"/> where the server says no, and
/// <see cref="HttpRequestException"/> where it could not be asked.
/// </summary>
public sealed class ChatAccounts
{
    private readonly ServerCalls _server;

    internal ChatAccounts(ServerCalls server) => _server = server;

    /// <summary>Creates a user and gives it a first token.</summary>
    public async Task<ChatToken> RegisterAsync(ChatRegistration registration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registration);
        var item = await PostAsync("/api/register", cancellationToken,
            ("username", registration.Username), ("password", registration.Password), ("email", registration.Email),
            ("phone", registration.Phone), ("first_name", registration.FirstName), ("last_name", registration.LastName));
        return item.Deserialize(AccountJson.Default.UserItem)!.Token.Token;
    }

    /// <summary>Gives a new token for a username and password.</summary>
    public async Task<ChatToken> LoginAsync(string username, string password, CancellationToken cancellationToken = default) =>
        TokenIn(await PostAsync("/api/auth_token", cancellationToken, ("username", username), ("password", password)));

    /// <summary>Exchanges a token for a new one; the old one is void from then on.</summary>
    public async Task<ChatToken> RefreshAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return TokenIn(await PostAsync("/api/auth_token/refresh", cancellationToken, ("refresh_token", token.RefreshToken)));
    }

    /// <summary>Ends a token. Connections that use it are closed.</summary>
    public async Task LogoutAsync(ChatToken token, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        using var response = await _server.SendAsync(HttpMethod.Delete, "/api/auth_token", token, content: null, cancellationToken);
        await ReadAsync(response, cancellationToken);
    }

    private static ChatToken TokenIn(JsonElement item) => item.Deserialize(AccountJson.Default.TokenItem)!.Token;

    private async Task<JsonElement> PostAsync(
        string path, CancellationToken cancellationToken, params IEnumerable<(string Name, string Value)> fields)
    {
        var form = fields.Select(field => KeyValuePair.Create(field.Name, field.Value));
        using var content = new FormUrlEncodedContent(form);
        using var response = await _server.SendAsync(HttpMethod.Post, path, token: null, content, cancellationToken);
        var answer = await ReadAsync(response, cancellationToken);
        return answer.Data is [var item] ? item : throw NoAnswer(response);
    }

    private static async Task<AccountAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        AccountAnswer? answer;
        try
        {
            answer = await response.Content.ReadFromJsonAsync(AccountJson.Default.AccountAnswer, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // Something between here and the server has answered in its place.
            throw NoAnswer(response);
        }

        if (response.IsSuccessStatusCode)
            return answer!;
        throw new ChatApiException(
            (int)response.StatusCode, answer!.Error.Message, answer.Error.Errors ?? new Dictionary<string, string>());
    }

    private static ChatApiException NoAnswer(HttpResponseMessage response) =>
        new((int)response.StatusCode, "No answer of a Chatable server", new Dictionary<string, string>());
}
