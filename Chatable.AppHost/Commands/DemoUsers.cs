using System.Buffers.Text;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chatable.AppHost.Commands;

/// <summary>Creates two new users, and the commands for them to chat, as a demonstration for developers.</summary>
internal static class DemoUsers
{
    public static async Task<ExecuteCommandResult> CreateAsync(EndpointReference api, ExecuteCommandContext context)
    {
        using var client = new HttpClient { BaseAddress = new Uri(api.Url) };
        var suffix = RandomNumberGenerator.GetHexString(6, lowercase: true);
        try
        {
            var alice = await RegisterAsync(client, $"alice_{suffix}", "Alice", context.CancellationToken);
            var bob = await RegisterAsync(client, $"bob_{suffix}", "Bob", context.CancellationToken);
            return CommandResults.Success(
                $"{alice.Username} and {bob.Username} are registered.", Commands(api.Url, alice, bob), CommandResultFormat.Text, displayImmediately: true);
        }
        catch (HttpRequestException exception)
        {
            return CommandResults.Failure($"The API did not register them: {exception.Message}");
        }
    }

    private static string Commands(string api, DemoUser alice, DemoUser bob) => $"""
        {alice.Username}  password {alice.Password}
        {bob.Username}    password {bob.Password}

        Alice listens:
          npx -y wscat -H 'Authorization: Bearer {alice.Token}' -c {api.Replace("http", "ws", StringComparison.Ordinal)}/api/ws

        Bob writes:
          curl -s {api}/api/v2/messages -H 'Authorization: Bearer {bob.Token}' -H 'Content-Type: application/json' -H 'Idempotency-Key: {Guid.NewGuid():N}' -d '{Greeting(alice)}'

        Alice reads:
          curl -s {api}/api/inbox -H 'Authorization: Bearer {alice.Token}'
        """;

    private static string Greeting(DemoUser to) => $$"""{"recipient":"{{to.Username}}","message":"hello"}""";

    private static async Task<DemoUser> RegisterAsync(
        HttpClient client, string username, string firstName, CancellationToken cancellationToken)
    {
        var password = RandomNumberGenerator.GetHexString(16, lowercase: true);
        using var form = new FormUrlEncodedContent(
        [
            new("first_name", firstName), new("last_name", "Demo"), new("username", username), new("password", password),
            new("email", $"{username}@example.com"), new("phone", RandomNumberGenerator.GetString("0123456789", 10)),
        ]);
        using var answer = await client.PostAsync("/api/register", form, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var token = body.GetProperty("data")[0].GetProperty("token");
        return new(username, password, Sign(token.GetProperty("access_key_id").GetString()!, token.GetProperty("secret_access_key").GetString()!));
    }

    // A client signs its own token: HS256 with its secret key, and its access key in the header.
    private static string Sign(string accessKey, string secretKey)
    {
        var header = Part($$"""{"alg":"HS256","typ":"JWT","access_key":"{{accessKey}}"}""");
        var signed = $"{header}.{Part("{}")}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secretKey), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private sealed record DemoUser(string Username, string Password, string Token);
}
