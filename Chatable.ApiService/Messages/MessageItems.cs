using System.Text.Json.Serialization;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Messages;

/// <summary>The place of a stored message: the fields of the WebSocket's ack.</summary>
/// <param name="ClientId">The request's <c>Idempotency-Key</c>.</param>
/// <param name="MessageId">The message's id, a UUIDv7.</param>
/// <param name="Seq">Its seq in the author's log.</param>
/// <param name="Conversation">The conversation's id.</param>
/// <param name="ConversationSeq">Its seq in the conversation.</param>
/// <param name="CreatedAt">When the message was stored, UTC.</param>
/// <param name="Duplicate">True if the key was used before. The other fields then describe the message stored then.</param>
internal sealed record SentMessage(
    string ClientId, Guid MessageId, long Seq, long Conversation, long ConversationSeq, DateTime CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Duplicate)
{
    public static SentMessage From(StoredPlace place, bool isDuplicate) => new(
        place.ClientId.Text, place.MessageId, place.Seq, place.ConversationId, place.ConversationSeq, place.CreatedAt,
        isDuplicate ? true : null);
}

// For the API document only. V2PostedMessage reads the body.
/// <summary>The message to send.</summary>
internal sealed record NewMessage(string Recipient, string Message, int? MessageType, string? Author = null);

[JsonSerializable(typeof(SentMessage))]
[JsonSerializable(typeof(NewMessage))]
internal sealed partial class MessagesJson : JsonSerializerContext;
