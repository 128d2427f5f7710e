using System.Runtime.CompilerServices;
using Chatable.Client.Connections;
using Chatable.Client.Conversations;
using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>A conversation, and its last position.</summary>
/// <param name="Id">The id of the conversation.</param>
/// <param name="With">The other party's username.</param>
/// <param name="LastSeq">The <see cref="ChatMessage.ConversationSeq"/> of its last message.</param>
/// <param name="LastActivityAt">When that message was stored, UTC.</param>
public sealed record ChatConversation(long Id, string With, long LastSeq, DateTimeOffset LastActivityAt);

/// <summary>
/// Reads stored conversations and messages, for a new device and after a reset. Failures throw <see cref="ChatApiException"/> if the server
/// refuses the request or another system answers, and <see cref="HttpRequestException"/> if no server answers.
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

    /// <summary>
    /// Reads all conversations, each once, latest first, page by page as the caller enumerates. Conversations that begin or move during the
    /// enumeration may be out of that order. Keeps the ids of those already returned in memory, about 30 bytes each, until the enumeration
    /// ends.
    /// </summary>
    public async IAsyncEnumerable<ChatConversation> ConversationsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var given = new HashSet<long>();
        for (var path = "/api/v2/conversations?limit=50"; path is not null;)
        {
            var answer = await GetAsync(path, cancellationToken).ConfigureAwait(false);
            var page = answer.Read(HistoryJson.Default.ConversationsPage);
            foreach (var item in page.Conversations)
            {
                if (item is null)
                    throw answer.Exception();
                if (item.With is { } with && given.Add(item.Id))
                    yield return new ChatConversation(item.Id, with, item.LastSeq, item.LastActivityAt);
            }

            var next = page.Next is null ? null : answer.PathOf(page.Next);
            path = next != path ? next : throw answer.Exception();
        }
    }

    /// <summary>Reads a conversation's messages after a seq, in ascending order, page by page as the caller enumerates.</summary>
    /// <param name="conversation">The id of the conversation.</param>
    /// <param name="after">The <see cref="ChatMessage.ConversationSeq"/> after which to begin; 0 begins with the first.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>Messages without <see cref="ChatMessage.Seq"/>, which is 0 here: only the log contains it.</returns>
    public async IAsyncEnumerable<ChatMessage> MessagesAsync(
        long conversation, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var path = $"/api/v2/conversations/{conversation}/messages?after={after}&limit=100";
            var answer = await GetAsync(path, cancellationToken).ConfigureAwait(false);
            var page = answer.Read(HistoryJson.Default.MessagesPage);
            if (page.Messages.Count == 0)
                yield break;

            foreach (var fields in page.Messages)
            {
                // A page that does not advance would be requested forever.
                if (fields is null || ServerFrames.MessageOf(fields) is not { } message || message.ConversationSeq <= after)
                    throw answer.Exception();
                after = message.ConversationSeq;
                yield return message;
            }
        }
    }

    private Task<ServerAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        _server.SendAsync(HttpMethod.Get, path, _credentials.Token, content: null, cancellationToken);
}
