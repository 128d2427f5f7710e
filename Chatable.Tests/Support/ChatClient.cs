using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chatable.Tests.Support;

/// <summary>A token as returned by the API. The client signs its JWTs itself.</summary>
public sealed record ChatToken(string AccessKeyId, string SecretAccessKey, string RefreshToken)
{
    public static ChatToken From(JsonElement item) => new(
        item.GetProperty("access_key_id").GetString()!,
        item.GetProperty("secret_access_key").GetString()!,
        item.GetProperty("refresh_token").GetString()!);

    /// <summary>A JWT as the original's clients make it, with the given claims.</summary>
    public string ToJwt(string claims = "{}") =>
        Jwt.Sign($$"""{"access_key":"{{AccessKeyId}}","alg":"HS256","typ":"JWT"}""", claims, SecretAccessKey);
}

/// <summary>A user with a live token.</summary>
public sealed record ChatUser(string Username, string Password, ChatToken Token);

public static class Jwt
{
    public static string Sign(string header, string claims, string secret)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var signature = HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}

/// <summary>A response of the API: the status and the envelope.</summary>
public sealed record ChatAnswer(int Status, JsonElement Envelope, HttpResponseHeaders Headers)
{
    public JsonElement Data => Envelope.GetProperty("data");
    public JsonElement Item => Data.EnumerateArray().Single();
    public JsonElement Error => Envelope.GetProperty("error");
    public string Message => Error.GetProperty("message").GetString()!;

    public string? ErrorOf(string field) => Error.GetProperty("errors").TryGetProperty(field, out var text) ? text.GetString() : null;
}

/// <summary>A client for protocol v1's REST API.</summary>
public sealed class ChatClient(Uri baseAddress) : IDisposable
{
    private static int s_users;

    public HttpClient Http { get; } = new() { BaseAddress = baseAddress, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>A name that is unique in this and all other test runs.</summary>
    public static string NewName() => $"u{Interlocked.Increment(ref s_users)}_{RandomNumberGenerator.GetHexString(10, lowercase: true)}";

    public static Dictionary<string, string> RegistrationOf(string username) => new()
    {
        ["first_name"] = "Bob",
        ["last_name"] = "Bobson",
        ["username"] = username,
        ["password"] = "correct-horse",
        ["email"] = $"{username}@example.com",
        ["phone"] = RandomNumberGenerator.GetString("0123456789", 20),
    };

    public async Task<ChatUser> RegisterAsync(CancellationToken cancellationToken, string? username = null)
    {
        var form = RegistrationOf(username ?? NewName());
        var answer = await PostAsync("/api/register", form, cancellationToken);
        if (answer.Status != 200)
            throw new InvalidOperationException($"Not registered: {answer.Envelope}");
        return new ChatUser(form["username"], form["password"], ChatToken.From(answer.Item.GetProperty("token")));
    }

    public async Task<ChatToken> LogInAsync(string username, string password, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(
            "/api/auth_token", new() { ["username"] = username, ["password"] = password }, cancellationToken);
        if (answer.Status != 200)
            throw new InvalidOperationException($"Not logged in: {answer.Envelope}");
        return ChatToken.From(answer.Item);
    }

    public Task<ChatAnswer> PostAsync(string path, Dictionary<string, string> form, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form) }, cancellationToken);

    public Task<ChatAnswer> GetAsync(string path, ChatToken token, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, token.ToJwt(), cancellationToken);

    public Task<ChatAnswer> SendAsync(HttpMethod method, string path, string jwt, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {jwt}");
        return SendAsync(request, cancellationToken);
    }

    public async Task<ChatAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await Http.SendAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        return new ChatAnswer((int)response.StatusCode, document.RootElement.Clone(), response.Headers);
    }

    public void Dispose() => Http.Dispose();
}
