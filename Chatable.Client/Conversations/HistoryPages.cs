using System.Text.Json.Serialization;
using Chatable.Client.Wire;

namespace Chatable.Client.Conversations;

/// <summary>
/// <code>{"conversations":[{"id":3,"kind":"direct","with":"alice","last_seq":7,"last_activity_at":"…"}],"next":"/api/v2/…"}</code>
/// </summary>
internal sealed record ConversationsPage(IReadOnlyList<ConversationItem?> Conversations, string? Next = null);

/// <param name="Id">The id of the conversation.</param>
/// <param name="LastSeq">The seq of its last message.</param>
/// <param name="LastActivityAt">When that message was stored.</param>
/// <param name="With">The other party. Null for kinds of conversations that this version does not know.</param>
internal sealed record ConversationItem(long Id, long LastSeq, DateTimeOffset LastActivityAt, string? With = null);

/// <summary>Messages in the socket's format, without <c>type</c> and <c>seq</c>.</summary>
internal sealed record MessagesPage(IReadOnlyList<FrameFields?> Messages);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ConversationsPage))]
[JsonSerializable(typeof(MessagesPage))]
internal sealed partial class HistoryJson : JsonSerializerContext;
