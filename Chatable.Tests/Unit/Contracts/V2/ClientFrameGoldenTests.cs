using System.Text;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;

namespace Chatable.Tests.Unit.Contracts.V2;

/// <summary>The frames that a v2 client may send, and the response to anything else.</summary>
public class ClientFrameGoldenTests
{
    private const int MaxMessageBytes = 8192;
    private const string Epoch = "6f1c0a3e-8f6b-4c53-9d8e-0a4d6d3f5b11";

    [Theory]
    [InlineData("""{"type":"hello"}""", null, null)]
    [InlineData("""{"type":"hello","since":null,"epoch":null,"device":"phone"}""", null, null)]
    [InlineData("""{"type":"hello","since":0}""", 0L, null)]
    [InlineData($$"""{"type":"hello","since":123,"epoch":"{{Epoch}}","device":"phone"}""", 123L, Epoch)]
    [InlineData($$"""{"epoch":"{{Epoch}}","x":[{"since":1}],"since":9223372036854775807,"type":"hello"}""", long.MaxValue, Epoch)]
    [InlineData("""{"type":"hello","since":1,"epoch":"no server's"}""", 1L, "00000000-0000-0000-0000-000000000000")]
    public void AHelloIsRead(string frame, long? since, string? epoch)
    {
        var hello = Read(frame, V2FrameType.Hello).Hello;

        Assert.Equal((since, epoch is null ? null : Guid.Parse(epoch)), (hello.Since, hello.Epoch));
    }

    [Theory]
    [InlineData("\"phone\"", "phone")]
    [InlineData("\"Bob\\u2019s 📱\"", "Bob’s 📱")]
    [InlineData("null", null)]
    [InlineData("\"\"", null)]
    [InlineData("7", null)]
    [InlineData("{\"name\":\"phone\"}", null)]
    [InlineData("\"a\\u0000\"", null)]
    public void TheDeviceIsReadWhereItIsAName(string device, string? expected) =>
        Assert.Equal(expected, Read($$"""{"type":"hello","device":{{device}}}""", V2FrameType.Hello).Hello.Device);

    [Theory]
    [InlineData("""{"type":"send","client_id":"c-1","recipient":"alice","message":"hello"}""", "c-1", "hello", MessageType.Text)]
    [InlineData(
        """{"type":"send","client_id":"c_1","recipient":"alice","message":"hello","message_type":0}""",
        "c_1", "hello", MessageType.Text)]
    [InlineData(
        """{"type":"send","client_id":"1","recipient":"alice","message":"hello","message_type":1}""",
        "1", "hello", MessageType.Photo)]
    [InlineData(
        """{"message_type":null,"message":" \u00e9😀","x":{"type":"ping"},"recipient":"alice","client_id":"c","type":"send"}""",
        "c", " é😀", MessageType.Text)]
    public void ASendIsRead(string frame, string clientId, string message, MessageType type)
    {
        var send = Read(frame, V2FrameType.Send).Send;

        Assert.Equal((clientId, "alice", type), (send.ClientId.Text, send.Recipient, send.Type));
        Assert.Equal(message, Encoding.UTF8.GetString(send.Message.Span));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(""","author":null""", null)]
    [InlineData(",\"author\":\"B\\u006fb\"", "Bob")]
    public void WhomTheClientTakesItselfForIsRead(string author, string? expected) => Assert.Equal(
        expected,
        Read($$"""{"type":"send","client_id":"c","recipient":"alice","message":"x"{{author}}}""", V2FrameType.Send).Send.Author);

    [Fact]
    public void PingAndPongAreRead()
    {
        Read("""{"type":"ping"}""", V2FrameType.Ping);
        Read("""{"at":12,"type":"pong"}""", V2FrameType.Pong);
    }

    [Theory]
    [InlineData("""{"type":"ping","since":"x","message":7,"message_type":9,"author":{},"client_id":[],"client_id":1}""", V2FrameType.Ping)]
    [InlineData("""{"type":"hello","message":7,"recipient":8,"message_type":"x"}""", V2FrameType.Hello)]
    [InlineData("""{"type":"send","client_id":"c","recipient":"alice","message":"x","since":-1,"epoch":5}""", V2FrameType.Send)]
    public void FieldsOfOtherTypesAreIgnored(string frame, V2FrameType expected) => Read(frame, expected);

    [Theory]
    [InlineData((byte)'x', 0xFF)]
    [InlineData(0xC0, 0xAF)]
    [InlineData(0xED, 0xA0)]
    public void BytesThatAreNoTextAreNotTaken(byte first, byte second)
    {
        byte[] frame = [.. """{"type":"send","client_id":"c1","recipient":"alice","message":"a"""u8, first, second, .. "\"}"u8];

        var faulty = V2ClientFrames.Read(frame, MaxMessageBytes).Faulty!;

        Assert.Equal("message has characters that are not allowed", faulty.Faults.ToString());
        Assert.Equal("c1", faulty.ClientId?.Text);
    }

    [Theory]
    [InlineData("", "error not a JSON object")]
    [InlineData("[]", "error not a JSON object")]
    [InlineData("""{"type":"ping"}{}""", "error not a JSON object")]
    [InlineData("""{"type":"ping","x":[[[[[[[[]]]]]]]]}""", "error not a JSON object")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"alice","message":"x"}x""", "error not a JSON object", "c1")]
    [InlineData("""{"type":"send","client_id":"c1","recipient":"alice","message":"x""", "error not a JSON object", "c1")]
    [InlineData("""{"client_id":"c1","type":"send",}""", "error not a JSON object", "c1")]
    [InlineData("""{"client_id":"c1""", "error not a JSON object")]
    [InlineData("""{"client_id":"c1"}""", "type is required", "c1")]
    [InlineData("""{"type":7,"client_id":"c1"}""", "type is not a string", "c1")]
    [InlineData("""{"type":"ping","type":"ping"}""", "type is given twice")]
    [InlineData("""{"type":"hello","since":-1}""", "since is out of range", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":"1"}""", "since is not an integer", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":1.5}""", "since is not an integer", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":{"n":1}}""", "since is not an integer", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":9223372036854775808}""", "since is not an integer", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":1,"since":2}""", "since is given twice", null, V2FrameType.Hello)]
    [InlineData("""{"type":"hello","since":1,"epoch":5}""", "epoch is not a string", null, V2FrameType.Hello)]
    [InlineData("""{"type":"send"}""", "client_id is required, recipient is required, message is required", null, V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c 1","recipient":"alice","message":"x"}""",
        "client_id has characters that are not allowed", null, V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"1234567890123456789012345678901234567890123456789012345678901"""
            + """2345","recipient":"alice","message":"x"}""",
        "client_id is too long", null, V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","client_id":"c2","recipient":"alice","message":"x"}""",
        "client_id is given twice", null, V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":["alice"],"message":"x"}""",
        "recipient is not a string", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","author":7,"recipient":"alice","message":"x"}""",
        "author is not a string", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":"","message":""}""",
        "recipient is required, message is required", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":"alice","message":"a\u0000b"}""",
        "message has characters that are not allowed", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":"alice","message":"\ud83d"}""",
        "message has characters that are not allowed", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":"alice","message":"x","message_type":2}""",
        "message_type is out of range", "c1", V2FrameType.Send)]
    [InlineData(
        """{"type":"send","client_id":"c1","recipient":"alice","message":"x","message_type":"0"}""",
        "message_type is not an integer", "c1", V2FrameType.Send)]
    public void WhatIsWrongWithAFrameIsSaidAndWhichMessageItWas(
        string frame, string faults, string? clientId = null, V2FrameType type = V2FrameType.Unknown)
    {
        var read = Read(frame);

        var faulty = Assert.IsType<V2FaultyFrame>(read.Faulty);
        Assert.Equal((V2Fault.Invalid, type, faults), (faulty.Fault, read.Type, faulty.Faults.ToString()));
        Assert.Equal(clientId, faulty.ClientId?.Text);
    }

    [Fact]
    public void AnUnknownTypeIsUnsupported()
    {
        var faulty = Assert.IsType<V2FaultyFrame>(Read("""{"type":"mark","client_id":"c1"}""").Faulty);

        Assert.Equal((V2Fault.Unsupported, "c1"), (faulty.Fault, faulty.ClientId?.Text));
    }

    [Theory]
    [InlineData(" ", true)]
    [InlineData("\t\r\n\u00a0\u3000", true)]
    [InlineData("\u200b\u200d\u2060\ufeff", true)]
    [InlineData("\u00ad\u115f\u3164\uffa0\u2800\u200f", true)]
    [InlineData("\ufe0f\udb40\udc01", true)]
    [InlineData("\u200b.", false)]
    [InlineData("\u0301", false)]
    [InlineData("👨\u200d👩", false)]
    public void AMessageThatShowsNothingIsEmpty(string message, bool isEmpty)
    {
        var text = System.Text.Json.JsonSerializer.Serialize(message);

        var frame = Read($$"""{"type":"send","client_id":"c1","recipient":"alice","message":{{text}}}""");

        Assert.Equal(isEmpty ? V2Fault.Empty : null, frame.Faulty?.Fault);
        Assert.Equal(isEmpty ? "c1" : null, frame.Faulty?.ClientId?.Text);
    }

    [Theory]
    [InlineData(8192, "alice", null)]
    [InlineData(8193, "alice", V2Fault.TooLarge)]
    [InlineData(8193, "", V2Fault.Invalid)]
    public void AMessageThatIsOnlyTooLongIsTooLarge(int bytes, string recipient, V2Fault? fault)
    {
        var message = new string('x', bytes - 2) + "é";

        var frame = Read($$"""{"type":"send","client_id":"c1","recipient":"{{recipient}}","message":"{{message}}"}""");

        Assert.Equal((V2FrameType.Send, fault), (frame.Type, frame.Faulty?.Fault));
    }

    private static V2ClientFrame Read(string text, V2FrameType expected)
    {
        var frame = Read(text);
        Assert.Equal((expected, (V2FaultyFrame?)null), (frame.Type, frame.Faulty));
        return frame;
    }

    private static V2ClientFrame Read(string frame) => V2ClientFrames.Read(Encoding.UTF8.GetBytes(frame), MaxMessageBytes);
}
