using System.Text.Json;

namespace Chatable.Client.Wire;

/// <summary>
/// Reads the frames that a server sends over <c>chatable.v2</c>. Unknown fields are ignored.
/// <code>
/// {"type":"welcome","user":"alice","server":"…","epoch":"…","head":7,"heartbeat_ms":20000,"max_frame_bytes":16384,"window":32}
/// {"type":"message","seq":7,"message_id":"…","conversation":3,"conversation_seq":2,"created_at":"2015-09-03T03:13:12.81765Z",
///  "author":"bob","recipient":"alice","message":"hello","message_type":0,"client_id":"c1"}
/// {"type":"ack","seq":7,"message_id":"…","conversation":3,"conversation_seq":2,"created_at":"…","client_id":"c1","duplicate":true}
/// {"type":"caught_up","seq":7}   {"type":"reset","epoch":"…","head":7}   {"type":"epoch","epoch":"…","shared_until":7}
/// {"type":"draining","reconnect_within_ms":5000}
/// {"type":"error","client_id":"c1","code":"busy","message":"…","retryable":true,"retry_after_ms":250}   {"type":"ping"}   {"type":"pong"}
/// </code>
/// </summary>
internal static class ServerFrames
{
    /// <returns>Null if it is not a frame of the protocol: not JSON, or a field is missing or has the wrong type.</returns>
    public static ServerFrame? TryRead(ReadOnlySpan<byte> frame)
    {
        try
        {
            return JsonSerializer.Deserialize(frame, FrameJson.Default.FrameFields) is { Type: { } type } fields
                ? Read(type, fields)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads one of the messages that <c>GET /api/v2/sync</c> and the history return.</summary>
    public static ChatMessage? MessageOf(FrameFields fields) => fields is
    {
        MessageId: { } id, Conversation: { } conversation, ConversationSeq: { } conversationSeq, Author: { } author,
        Recipient: { } recipient, Message: { } text, CreatedAt: { } createdAt,
    }
        ? new ChatMessage
        {
            Seq = fields.Seq ?? 0,
            MessageId = id,
            Conversation = conversation,
            ConversationSeq = conversationSeq,
            Author = author,
            Recipient = recipient,
            Text = text,
            Type = (ChatMessageType)(fields.MessageType ?? 0),
            CreatedAt = createdAt,
            ClientId = fields.ClientId,
        }
        : null;

    private static ServerFrame? Read(string type, FrameFields fields) => type switch
    {
        "welcome" => Welcome(fields),
        "message" => fields.Seq is > 0 && MessageOf(fields) is { } message ? new MessageFrame(message) : null,
        "ack" => Ack(fields),
        "caught_up" => fields.Seq is { } seq ? new CaughtUpFrame(seq) : null,
        "reset" => fields is { Epoch: { } epoch, Head: { } head } ? new ResetFrame(new ChatCursor(epoch, head)) : null,
        "epoch" => fields is { Epoch: { } goesOn, SharedUntil: { } until } ? new EpochFrame(new ChatCursor(goesOn, until)) : null,
        "error" => Error(fields),
        "ping" => new PingFrame(),
        "pong" => new PongFrame(),
        "draining" => new DrainingFrame(Milliseconds(fields.ReconnectWithinMs) ?? TimeSpan.Zero),
        _ => new UnknownFrame(fields.Seq),
    };

    private static WelcomeFrame? Welcome(FrameFields fields) => fields is
    {
        Epoch: { } epoch, Head: { } head, HeartbeatMs: { } heartbeat and > 0, MaxFrameBytes: { } maxBytes, Window: { } window and > 0,
    }
        ? new WelcomeFrame(epoch, head, TimeSpan.FromMilliseconds(heartbeat), maxBytes, window)
        : null;

    private static AckFrame? Ack(FrameFields fields) => fields is
    {
        ClientId: { } clientId, MessageId: { } id, Seq: { } seq and > 0, Conversation: { } conversation,
        ConversationSeq: { } conversationSeq, CreatedAt: { } createdAt,
    }
        ? new AckFrame(new SentMessage(clientId, id, seq, conversation, conversationSeq, createdAt), fields.Duplicate ?? false)
        : null;

    private static ErrorFrame? Error(FrameFields fields) => fields is { Code: { } code, Retryable: { } retryable }
        ? new ErrorFrame(fields.ClientId, code, fields.Message ?? "", retryable, Milliseconds(fields.RetryAfterMs))
        : null;

    private static TimeSpan? Milliseconds(long? value) =>
        value is >= 0 and <= int.MaxValue ? TimeSpan.FromMilliseconds(value.Value) : null;
}
