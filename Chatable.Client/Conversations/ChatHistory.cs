using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Chatable.Client.Connections;
using Chatable.Client.Conversations;
using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>A conversation, and where it stands.</summary>
/// <param name="Id">Its name.</param>
/// <param name="With">The other party's username.</param>
/// <param name="LastSeq">The <see cref="ChatMessage.ConversationSeq"/> of its last message.</param>
/// <param name="LastActivityAt">When that was stored, UTC.</param>
public sealed record ChatConversation(long Id, string With, long LastSeq, DateTimeOffset LastActivityAt);

/// <summary>
/// What was said before: for a new device, and after a reset. Throws <see cref="ChatApiException"/> where the server says no, and
/// <see cref="HttpRequestException"/> where it could not be asked.
/// </summary>
public sealed class ChatHistory
{
    private readonly ServerCalls _server;
    private readonly ChatCredentials _credentials;

    internal ChatHistory(ServerCalls server, ChatCredentials credentials)
    {
        _server = server;
        _credentials = credentials;
    }

    /// <summary>All conversations, the latest first; read page by page as they are asked for.</summary>
    public async IAsyncEnumerable<ChatConversation> ConversationsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var path = "/api/v2/conversations?limit=50"; path is not null;)
        {
            var page = await GetAsync(path, HistoryJson.Default.ConversationsPage, cancellationToken);
            foreach (var item in page.Conversations)
                yield return new ChatConversation(item.Id, item.With, item.LastSeq, item.LastActivityAt);
            path = page.Next;
        }
    }

    /// <summary>A conversation's messages after a place, in their order; read page by page as they are asked for.</summary>
    /// <param name="conversation">Its name.</param>
    /// <param name="after">The <see cref="ChatMessage.ConversationSeq"/> after which to begin; 0 begins with the first.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Messages without <see cref="ChatMessage.Seq"/>, which is 0 here: only the log has it.</returns>
    public async IAsyncEnumerable<ChatMessage> MessagesAsync(
        long conversation, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var path = $"/api/v2/conversations/{conversation}/messages?after={after}&limit=100";
            var page = await GetAsync(path, HistoryJson.Default.MessagesPage, cancellationToken);
            if (page.Messages.Count == 0)
                yield break;

            foreach (var message in page.Messages.Select(ServerFrames.MessageOf).OfType<ChatMessage>())
            {
                after = message.ConversationSeq;
                yield return message;
            }
        }
    }

    private async Task<T> GetAsync<T>(
        string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await _server.SendAsync(HttpMethod.Get, path, _credentials.Token, content: null, cancellationToken);
        try
        {
            if (response.IsSuccessStatusCode)
                return (await response.Content.ReadFromJsonAsync(type, cancellationToken))!;

            var problem = await response.Content.ReadFromJsonAsync(HistoryJson.Default.Problem, cancellationToken);
            throw new ChatApiException(
                (int)response.StatusCode, problem?.Code ?? problem?.Title ?? "error", new Dictionary<string, string>());
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new ChatApiException((int)response.StatusCode, "No answer of a Chatable server", new Dictionary<string, string>());
        }
    }
}
