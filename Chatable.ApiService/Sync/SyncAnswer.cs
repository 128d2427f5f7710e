using System.Text.Json;
using System.Text.Json.Serialization;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Sync;

/// <summary>A part of a user's log. The messages are byte for byte those that the WebSocket sends.</summary>
internal sealed class SyncAnswer(long user, LogHead log, IReadOnlyList<Envelope> messages, bool isReset = false) : IResult
{
    public bool IsEmpty => messages.Count == 0 && !isReset;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(httpContext.Response.BodyWriter))
            Write(json);
        await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }

    private void Write(Utf8JsonWriter json)
    {
        // Messages stored after the head was read may already be in the page.
        var last = messages.Count > 0 ? messages[^1].Seq : log.Seq;
        json.WriteStartObject();
        json.WriteString("epoch"u8, log.Epoch);
        json.WriteNumber("head"u8, Math.Max(log.Seq, last));
        if (isReset)
            json.WriteBoolean("reset"u8, value: true);
        json.WriteStartArray("messages"u8);
        foreach (var (seq, entry) in messages)
        {
            var frame = V2Frames.Entry(entry, seq, forActor: entry.ActorId == user);
            json.WriteRawValue(frame.Memory.Span, skipInputValidation: true);
            frame.Return();
        }

        json.WriteEndArray();
        json.WriteBoolean("has_more"u8, last < log.Seq);
        json.WriteEndObject();
    }
}

// For the API document only. SyncAnswer writes the response.
/// <summary>The part of a user's log that comes after a cursor.</summary>
internal sealed record SyncedLog(Guid Epoch, long Head, bool? Reset, IReadOnlyList<SyncedMessage> Messages, bool HasMore);

/// <summary>A message, in the format of the WebSocket's <c>message</c> frame.</summary>
internal sealed record SyncedMessage(
    string Type, long Seq, Guid MessageId, long Conversation, long ConversationSeq, string Author, string Recipient, string Message,
    int MessageType, DateTime CreatedAt, string? ClientId);

[JsonSerializable(typeof(SyncedLog))]
internal sealed partial class SyncJson : JsonSerializerContext;
