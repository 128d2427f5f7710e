using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>A client of v2's REST API. <see cref="ChatAnswer.Envelope"/> holds the whole body.</summary>
internal static class V2Requests
{
    public static string NewKey() => Guid.CreateVersion7().ToString("D");

    public static string BodyOf(ChatUser recipient, string message) =>
        new JsonObject { ["recipient"] = recipient.Username, ["message"] = message }.ToJsonString();

    public static Task<ChatAnswer> PostMessageAsync(
        this ChatClient client, ChatUser author, string? key, string body, CancellationToken cancellationToken,
        string mediaType = "application/json") =>
        client.PostMessageAsync(author, key, Encoding.UTF8.GetBytes(body), cancellationToken, mediaType);

    public static Task<ChatAnswer> PostMessageAsync(
        this ChatClient client, ChatUser author, string? key, byte[] body, CancellationToken cancellationToken,
        string mediaType = "application/json")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v2/messages")
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {author.Token.ToJwt()}");
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return client.SendAsync(request, cancellationToken);
    }

    public static Task<ChatAnswer> SayAsync(
        this ChatClient client, ChatUser author, ChatUser recipient, string message, CancellationToken cancellationToken,
        string? key = null) =>
        client.PostMessageAsync(author, key ?? NewKey(), BodyOf(recipient, message), cancellationToken);

    public static Task<ChatAnswer> SyncAsync(
        this ChatClient client, ChatUser user, string query, CancellationToken cancellationToken) =>
        client.GetAsync($"/api/v2/sync{query}", user.Token, cancellationToken);

    public static IEnumerable<string> Names(this JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    public static string? Code(this ChatAnswer answer) => answer.Envelope.Text("code");

    /// <summary>Fails unless the response is a problem with this status, in the format of RFC 9457 and of the catalogue.</summary>
    public static void AssertProblem(this ChatAnswer answer, int status, string code, params string[] fields)
    {
        Assert.Equal((status, code), (answer.Status, answer.Code()));
        Assert.Equal((status, $"urn:chatable:problem:{code}"), ((int)answer.Envelope.Number("status"), answer.Envelope.Text("type")));
        Assert.NotEmpty(answer.Envelope.Text("title")!);
        Assert.Equal(
            fields, answer.Envelope.TryGetProperty("errors", out var errors) ? errors.Names().Order(StringComparer.Ordinal) : []);
    }
}
