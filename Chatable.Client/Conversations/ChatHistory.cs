using System.Runtime.CompilerServices;
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
/// What was said before: for a new device, and after a reset. Throws <see cref="ChatApiException"/> where the server says no or something
/// else answers, and <see cref="HttpRequestException"/> where nobody does.
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
    /// All conversations, each once, the latest first; read page by page as they are asked for. Those that begin or move while they are
    /// read may come out of that order. It remembers the ids of those it has given, some 30 bytes each, until it ends.
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
            var answer = await GetAsync(path, cancellationToken).ConfigureAwait(false);
            var page = answer.Read(HistoryJson.Default.MessagesPage);
            if (page.Messages.Count == 0)
                yield break;

            foreach (var fields in page.Messages)
            {
                // A page that does not lead on would be asked for again for ever.
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
