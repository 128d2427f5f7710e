using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chatable.Messaging.Wire.V2;

/// <summary>The first frame that a v2 client receives.</summary>
public sealed record V2Welcome(string User, string Server, Guid Epoch, long Head, TimeSpan Heartbeat, int MaxFrameBytes, int Window);

/// <summary>
/// The frames about its connection that the server sends to a v2 client. For those about messages see <see cref="V2Frames"/>.
/// <code>
/// {"type":"welcome","user":"alice","server":"api-1/1f0c2d3e","epoch":"6f1c…","head":7,"heartbeat_ms":20000,
///  "max_frame_bytes":16384,"window":32}
/// {"type":"caught_up","seq":7}
/// {"type":"reset","epoch":"6f1c…","head":7}
/// {"type":"epoch","epoch":"6f1c…","shared_until":7}
/// {"type":"error","client_id":"c1","code":"busy","message":"…","retryable":true,
///  "retry_after_ms":1000}                                              client_id, retry_after_ms: where there is one
/// {"type":"ping"}   {"type":"pong"}
/// {"type":"draining","reconnect_within_ms":5000}
/// </code>
/// </summary>
public static class V2SessionFrames
{
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static byte[] Ping { get; } = """{"type":"ping"}"""u8.ToArray();

    public static byte[] Pong { get; } = """{"type":"pong"}"""u8.ToArray();

    public static byte[] Welcome(V2Welcome welcome) => Write("welcome"u8, json =>
    {
        json.WriteString("user"u8, welcome.User);
        json.WriteString("server"u8, welcome.Server);
        json.WriteString("epoch"u8, welcome.Epoch);
        json.WriteNumber("head"u8, welcome.Head);
        json.WriteNumber("heartbeat_ms"u8, Milliseconds(welcome.Heartbeat));
        json.WriteNumber("max_frame_bytes"u8, welcome.MaxFrameBytes);
        json.WriteNumber("window"u8, welcome.Window);
    });

    public static byte[] CaughtUp(long seq) => Write("caught_up"u8, json => json.WriteNumber("seq"u8, seq));

    public static byte[] Reset(Guid epoch, long head) => Write("reset"u8, json =>
    {
        json.WriteString("epoch"u8, epoch);
        json.WriteNumber("head"u8, head);
    });

    /// <summary>
    /// The log continues in this epoch, and is unchanged up to <paramref name="sharedUntil"/>. The field is not called <c>seq</c>, because
    /// older clients treat the <c>seq</c> of an unknown frame as a position in the log.
    /// </summary>
    public static byte[] Epoch(Guid epoch, long sharedUntil) => Write("epoch"u8, json =>
    {
        json.WriteString("epoch"u8, epoch);
        json.WriteNumber("shared_until"u8, sharedUntil);
    });

    public static byte[] Error(ClientId? clientId, string code, string message, bool retryable, TimeSpan? retryAfter) =>
        Write("error"u8, json =>
        {
            if (clientId is { } id)
                json.WriteString("client_id"u8, id.Text);
            json.WriteString("code"u8, code);
            json.WriteString("message"u8, message);
            json.WriteBoolean("retryable"u8, retryable);
            if (retryAfter is { } after)
                json.WriteNumber("retry_after_ms"u8, Milliseconds(after));
        });

    public static byte[] Draining(TimeSpan reconnectWithin) =>
        Write("draining"u8, json => json.WriteNumber("reconnect_within_ms"u8, Milliseconds(reconnectWithin)));

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static byte[] Write(ReadOnlySpan<byte> type, Action<Utf8JsonWriter> fields)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, s_json);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        fields(json);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }
}
