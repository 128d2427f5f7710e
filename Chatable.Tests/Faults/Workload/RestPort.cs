using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>The position of a message, from the response of <c>POST /api/v2/messages</c>.</summary>
internal sealed record RestAck(string MessageId, long Seq, long Conversation, long ConversationSeq, bool Duplicate);

/// <summary>The REST API of protocol v2. Each call goes to the given server; transport failures are exceptions.</summary>
internal sealed class RestPort : IDisposable
{
    // A server's open files are counted after the faults; unused connections must not be among them.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>Sends a message. Null: it may or may not be stored, and must be sent again.</summary>
    /// <exception cref="InvalidOperationException">The message is refused for good.</exception>
    public async Task<RestAck?> SendAsync(Uri server, ChatToken token, Draft draft, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, new Uri(server, "/api/v2/messages"), token);
        request.Headers.Add("Idempotency-Key", draft.ClientId);
        request.Content = JsonContent.Create(new { recipient = draft.To, message = draft.Body });
        using var response = await _http.SendAsync(request, cancellationToken);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.Created or HttpStatusCode.OK => new RestAck(
                json.GetProperty("message_id").GetString()!, json.GetProperty("seq").GetInt64(),
                json.GetProperty("conversation").GetInt64(), json.GetProperty("conversation_seq").GetInt64(),
                response.StatusCode == HttpStatusCode.OK),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.Unauthorized
                or HttpStatusCode.TooManyRequests => null,
            _ => throw new InvalidOperationException($"{(int)response.StatusCode}: {json}"),
        };
    }

    /// <summary>Sends another text under a used client ID; returns the response status.</summary>
    public async Task<HttpStatusCode> ReuseAsync(Uri server, ChatToken token, Draft acked, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, new Uri(server, "/api/v2/messages"), token);
        request.Headers.Add("Idempotency-Key", acked.ClientId);
        request.Content = JsonContent.Create(new { recipient = acked.To, message = $"{acked.Body}, or not" });
        using var response = await _http.SendAsync(request, cancellationToken);
        return response.StatusCode;
    }

    /// <summary>The hash of the message at a position of a conversation, or null if there is none.</summary>
    public async Task<string?> ReadAsync(Uri server, ChatToken token, long conversation, long seq, CancellationToken cancellationToken)
    {
        var page = await GetAsync(
            new Uri(server, $"/api/v2/conversations/{conversation}/messages?after={seq - 1}&limit=1"), token, cancellationToken);
        return page.GetProperty("messages").EnumerateArray().Where(one => one.GetProperty("conversation_seq").GetInt64() == seq)
            .Select(one => BodyHash.Of(one.GetProperty("message").GetString()!)).SingleOrDefault();
    }

    /// <summary>All messages of all conversations of a user, page by page.</summary>
    public async Task<IReadOnlyList<SeenMessage>> ReadAllAsync(Uri server, ChatToken token, CancellationToken cancellationToken)
    {
        var conversations = await PagesAsync(new Uri(server, "/api/v2/conversations?limit=2"), "conversations", token, cancellationToken);
        List<SeenMessage> all = [];
        foreach (var id in conversations.Select(one => one.GetProperty("id").GetInt64()).Distinct())
        {
            var messages = await PagesAsync(
                new Uri(server, $"/api/v2/conversations/{id}/messages?after=0&limit=100"), "messages", token, cancellationToken);
            all.AddRange(messages.Select(See));
        }

        return all;
    }

    public void Dispose() => _http.Dispose();

    private static SeenMessage See(JsonElement one) => new(
        one.GetProperty("message_id").GetString()!, one.GetProperty("author").GetString()!, one.GetProperty("recipient").GetString()!,
        one.GetProperty("conversation").GetInt64(), one.GetProperty("conversation_seq").GetInt64(),
        BodyHash.Of(one.GetProperty("message").GetString()!));

    private async Task<List<JsonElement>> PagesAsync(Uri first, string items, ChatToken token, CancellationToken cancellationToken)
    {
        List<JsonElement> all = [];
        for (Uri? page = first; page is not null;)
        {
            var json = await GetAsync(page, token, cancellationToken);
            all.AddRange(json.GetProperty(items).EnumerateArray());
            page = json.GetProperty("next").GetString() is { } next ? new Uri(first, next) : null;
        }

        return all;
    }

    private async Task<JsonElement> GetAsync(Uri address, ChatToken token, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, address, token);
        using var response = await _http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    private static HttpRequestMessage Request(HttpMethod method, Uri address, ChatToken token)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.ToJwt()}");
        return request;
    }
}
