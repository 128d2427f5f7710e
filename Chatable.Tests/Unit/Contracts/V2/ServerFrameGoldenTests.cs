using System.Text;
using System.Text.Json;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;

namespace Chatable.Tests.Unit.Contracts.V2;

/// <summary>The bytes that v2 clients receive; a change here breaks them.</summary>
public class ServerFrameGoldenTests
{
    private const string Epoch = "6f1c0a3e-8f6b-4c53-9d8e-0a4d6d3f5b11";

    private const string Fields =
        """
        "message_id":"01890a5d-ac96-774b-bcce-b302099a8057","conversation":3,"conversation_seq":4,"created_at":"2015-09-03T03:13:12.817650Z",
        """
        + """
        "author":"bob","recipient":"alice","message":"hello","message_type":0
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(long.MaxValue)]
    public void AMessageHasTheseBytesAndOnlyItsAuthorIsShownTheClientId(long seq)
    {
        Assert.Equal($$"""{"type":"message","seq":{{seq}},{{Fields}}}""", Text(V2Frames.Entry(Samples.LogEntry, seq, forActor: false)));
        Assert.Equal(
            $$"""{"type":"message","seq":{{seq}},{{Fields}},"client_id":"c-1"}""",
            Text(V2Frames.Entry(Samples.LogEntry, seq, forActor: true)));
    }

    [Fact]
    public void AMessagesTextAndTypeHaveTheseBytes()
    {
        var message = Samples.Message with { Body = Encoding.UTF8.GetBytes("é 😀 <b>\"\n"), Type = MessageType.Photo };

        var frame = Text(V2Frames.Entry(MessageEntry.Of(message), seq: 7, forActor: false));

        Assert.Contains("""
            "message":"é 😀 <b>\"\n","message_type":1}
            """, frame);
        Assert.Equal("é 😀 <b>\"\n", JsonDocument.Parse(frame).RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public void AnAckHasTheseBytes()
    {
        const string Place =
            """
            "seq":7,"message_id":"01890a5d-ac96-774b-bcce-b302099a8057","conversation":3,"conversation_seq":4,
            """
            + """
            "created_at":"2015-09-03T03:13:12.817650Z","client_id":"c-1"
            """;
        var (id, fields) = (Samples.LogEntry.CommandId, Samples.LogEntry.AckFields);

        Assert.Equal($$"""{"type":"ack",{{Place}}}""", Text(V2Frames.Ack(id, fields.Span, 7, duplicate: false)));
        Assert.Equal($$"""{"type":"ack",{{Place}},"duplicate":true}""", Text(V2Frames.Ack(id, fields.Span, 7, duplicate: true)));
    }

    [Fact]
    public void FramesAboutTheConnectionHaveTheseBytes()
    {
        var epoch = Guid.Parse(Epoch);
        var welcome = new V2Welcome("alice", "api-1/1f0c2d3e", epoch, 7, TimeSpan.FromSeconds(20), 16384, 32);

        Assert.Equal(
            $$"""{"type":"welcome","user":"alice","server":"api-1/"""
                + $$"""1f0c2d3e","epoch":"{{Epoch}}","head":7,"heartbeat_ms":20000,"max_frame_bytes":16384,"window":32}""",
            Text(V2SessionFrames.Welcome(welcome)));
        Assert.Equal("""{"type":"caught_up","seq":7}""", Text(V2SessionFrames.CaughtUp(7)));
        Assert.Equal($$"""{"type":"reset","epoch":"{{Epoch}}","head":7}""", Text(V2SessionFrames.Reset(epoch, 7)));
        Assert.Equal($$"""{"type":"epoch","epoch":"{{Epoch}}","shared_until":7}""", Text(V2SessionFrames.Epoch(epoch, 7)));
        Assert.Equal("""{"type":"ping"}""", Text(V2SessionFrames.Ping));
        Assert.Equal("""{"type":"pong"}""", Text(V2SessionFrames.Pong));
        Assert.Equal("""{"type":"draining","reconnect_within_ms":5000}""", Text(V2SessionFrames.Draining(TimeSpan.FromSeconds(5))));
    }

    public static TheoryData<string, bool, string> Errors => new()
    {
        {
            nameof(SendError.Busy), true,
            """{"type":"error","client_id":"c-1","code":"busy","message":"busy, """
                + """send it again later","retryable":true,"retry_after_ms":1000}"""
        },
        {
            nameof(SendError.Unavailable), true,
            """{"type":"error","client_id":"c-1","code":"unavailable","message":"unavailable, """
                + """send it again later","retryable":true,"retry_after_ms":1000}"""
        },
        {
            nameof(SendError.RateLimited), false,
            """{"type":"error","code":"rate_limited","message":"slow down, send it again later","retryable":true,"retry_after_ms":1000}"""
        },
        {
            nameof(SendError.OutOfOrder), true,
            """{"type":"error","client_id":"c-1","code":"out_of_order","message":"an earlier """
                + """message was lost, send both again","retryable":true}"""
        },
        {
            nameof(SendError.Refused), true,
            """{"type":"error","client_id":"c-1","code":"invalid","message":"the message cannot be stored","retryable":false}"""
        },
        {
            nameof(SendError.UnknownRecipient), true,
            """{"type":"error","client_id":"c-1","code":"unknown_recipient","message":"unknown username","retryable":false}"""
        },
        {
            nameof(SendError.Forbidden), false,
            """{"type":"error","code":"forbidden","message":"author is somebody else","retryable":false}"""
        },
        {
            nameof(SendError.Unsupported), false,
            """{"type":"error","code":"unsupported","message":"no frame has this type","retryable":false}"""
        },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void AnErrorHasTheseBytes(string name, bool isOfAMessage, string expected)
    {
        var error = (SendError)typeof(SendError).GetProperty(name)!.GetValue(null)!;

        Assert.Equal(expected, Text(error.V2(isOfAMessage ? Samples.Client("c-1") : null)));
    }

    [Fact]
    public void AFaultyFieldIsNamed()
    {
        var faults = new FieldFaults { { "recipient", FieldFaults.Required }, { "message", FieldFaults.TooLong } };

        Assert.Equal(
            """{"type":"error","client_id":"c-1","code":"invalid","message":"recipient is required, """
                + """message is too long","retryable":false}""",
            Text(SendError.Invalid(faults).V2(Samples.Client("c-1"))));
        Assert.Equal(
            """{"type":"error","code":"too_large","message":"message is too long","retryable":false}""",
            Text(SendError.TooLarge(FieldFaults.Of("message", FieldFaults.TooLong)).V2(null)));
    }

    private static string Text(byte[] frame) => Encoding.UTF8.GetString(frame);

    private static string Text(PooledBytes frame) => Encoding.UTF8.GetString(frame.Memory.Span);
}
