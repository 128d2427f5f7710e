using System.Text.Json.Serialization;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Messages;

/// <summary>Where a message stands: the fields of the WebSocket's ack.</summary>
/// <param name="ClientId">The request's <c>Idempotency-Key</c>.</param>
/// <param name="MessageId">A UUIDv7.</param>
/// <param name="Seq">Its place in the author's log.</param>
/// <param name="Conversation">The conversation's id.</param>
/// <param name="ConversationSeq">Its place in the conversation.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="Duplicate">True where the key had been used before: this is what was stored then.</param>
internal sealed record SentMessage(
    string ClientId, Guid MessageId, long Seq, long Conversation, long ConversationSeq, DateTime CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Duplicate)
{
    public static SentMessage From(StoredPlace place, bool isDuplicate) => new(
        place.ClientId.Text, place.MessageId, place.Seq, place.ConversationId, place.ConversationSeq, place.CreatedAt,
        isDuplicate ? true : null);
}

/// <summary>The body of a request, for the API's document; it is read by <see cref="V2PostedMessage"/>.</summary>
internal sealed record NewMessage(string Recipient, string Message, int? MessageType, string? Author = null);

[JsonSerializable(typeof(SentMessage))]
[JsonSerializable(typeof(NewMessage))]
internal sealed partial class MessagesJson : JsonSerializerContext;
