using System.Text.Json.Serialization;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Conversations;

/// <summary>
/// A page of the user's conversations, latest activity first. <c>next</c> leads to older ones, <c>prev</c> to newer ones.
/// </summary>
internal sealed record ConversationPage(IReadOnlyList<ConversationItem> Conversations, string? Next, string? Prev);

/// <summary>A conversation. <paramref name="Kind"/> is <c>direct</c>: between two users, or a user's notes to self.</summary>
internal sealed record ConversationItem(
    long Id, string Kind, string With, long LastSeq, LastMessage LastMessage, DateTime LastActivityAt)
{
    public static ConversationItem From(ConversationRow row, long userId, string username)
    {
        var last = row.LastMessage;
        return new ConversationItem(
            row.Place.ConversationId, "direct", row.With, row.LastSeq,
            new LastMessage(
                last.MessageId, last.ConversationSeq, last.AuthorId == userId ? username : row.With, last.Message, last.MessageType,
                last.CreatedAt),
            row.Place.LastActivityAt);
    }
}

/// <summary>The latest message of a conversation. <paramref name="MessageType"/> is 0 for a text, 1 for a photo.</summary>
internal sealed record LastMessage(
    Guid MessageId, long ConversationSeq, string Author, string Message, int MessageType, DateTime CreatedAt);

/// <summary>A page of a conversation, in ascending order. <c>next</c> leads to later messages, <c>prev</c> to earlier ones.</summary>
internal sealed record MessagePage(IReadOnlyList<MessageItem> Messages, string? Next, string? Prev);

/// <summary>A message. <paramref name="ClientId"/> is present only on the user's own messages.</summary>
internal sealed record MessageItem(
    Guid MessageId, long Conversation, long ConversationSeq, string Author, string Recipient, string Message, int MessageType,
    DateTime CreatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId)
{
    public static MessageItem From(HistoryRow row, long conversation, ConversationParties parties, long reader) => new(
        row.MessageId, conversation, row.ConversationSeq, parties.NameOf(row.AuthorId), parties.NameOfOther(row.AuthorId), row.Message,
        row.MessageType, row.CreatedAt, row.AuthorId == reader ? row.ClientId.Text : null);
}

[JsonSerializable(typeof(ConversationPage))]
[JsonSerializable(typeof(MessagePage))]
internal sealed partial class ConversationsJson : JsonSerializerContext;
