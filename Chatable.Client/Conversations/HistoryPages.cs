using System.Text.Json.Serialization;
using Chatable.Client.Wire;

namespace Chatable.Client.Conversations;

/// <summary>
/// <code>{"conversations":[{"id":3,"kind":"direct","with":"alice","last_seq":7,"last_activity_at":"…"}],"next":"/api/v2/…"}</code>
/// </summary>
internal sealed record ConversationsPage(IReadOnlyList<ConversationItem> Conversations, string? Next);

internal sealed record ConversationItem(long Id, string With, long LastSeq, DateTimeOffset LastActivityAt);

/// <summary>Messages as on the socket, but without <c>type</c> and <c>seq</c>.</summary>
internal sealed record MessagesPage(IReadOnlyList<FrameFields> Messages);

/// <summary>RFC 9457.</summary>
internal sealed record Problem(string? Title, string? Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConversationsPage))]
[JsonSerializable(typeof(MessagesPage))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class HistoryJson : JsonSerializerContext;
