using System.Text;
using System.Text.Json;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V1;

namespace Chatable.Tests.Unit.Contracts.V1;

/// <summary>The bytes that v1 clients have relied on since the original; a change here breaks them.</summary>
public class FrameGoldenTests
{
    private const int MaxMessageBytes = 8192;

    [Theory]
    [InlineData("""{"author":"bob","recipient":"alice","message":"hello"}""", "bob", "alice", "hello")]
    [InlineData("""{"recipient":"alice","message":"hello"}""", null, "alice", "hello")]
    [InlineData("""{"author":null,"recipient":"alice","message":"hello"}""", null, "alice", "hello")]
    [InlineData(""" { "message" : "a\n\"b\"\\" , "recipient" : "alice" } """, null, "alice", "a\n\"b\"\\")]
    [InlineData("""{"recipient":"alice","message":"\u00e9\ud83d\ude00é😀","x":[1,{"y":null}],"message_type":1}""", null, "alice", "é😀é😀")]
    [InlineData("""{"r\u0065cipient":"\u0061lice","message":"hello"}""", null, "alice", "hello")]
    [InlineData("""{"\ud800":1,"recipient":"alice","message":" "}""", null, "alice", " ")]
    [InlineData("""{"a":[[[[[[[]]]]]]],"recipient":"alice","message":"deep"}""", null, "alice", "deep")]
    public void AcceptsEveryFrameTheOriginalAccepted(string text, string? author, string recipient, string message)
    {
        Assert.True(V1SendFrame.TryRead(Encoding.UTF8.GetBytes(text), MaxMessageBytes, out var frame, out var faults));

        Assert.False(faults.Any);
        Assert.Equal(author, frame.Author);
        Assert.Equal(recipient, frame.Recipient);
        Assert.Equal(message, Encoding.UTF8.GetString(frame.Message.Span));
    }

    [Theory]
    [InlineData("", "error: not a JSON object")]
    [InlineData("null", "error: not a JSON object")]
    [InlineData("[]", "error: not a JSON object")]
    [InlineData("\"text\"", "error: not a JSON object")]
    [InlineData("{", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"hello"}{}""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"hello"} x""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"hello",}""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice",/**/"message":"hello"}""", "error: not a JSON object")]
    [InlineData("""{'recipient':'alice','message':'hello'}""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"hello","x":NaN}""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"\x"}""", "error: not a JSON object")]
    [InlineData("""{"recipient":"alice","message":"hello","x":[[[[[[[[]]]]]]]]}""", "error: not a JSON object")]
    [InlineData("{}", "recipient: is required, message: is required")]
    [InlineData("""{"recipient":"","message":null}""", "recipient: is required, message: is required")]
    [InlineData("""{"Recipient":"alice","message":"hello"}""", "recipient: is required")]
    [InlineData("""{"recipient":{"a":[1]},"message":7}""", "recipient: is not a string, message: is not a string")]
    [InlineData("""{"author":true,"recipient":"alice","message":["hello"]}""", "author: is not a string, message: is not a string")]
    [InlineData("""{"recipient":"alice","recipient":"carol","message":"hello"}""", "recipient: is given twice")]
    [InlineData("""{"recipient":"alice","message":"a\u0000b"}""", "message: has characters that are not allowed")]
    [InlineData("""{"recipient":"alice","message":"\ud83d"}""", "message: has characters that are not allowed")]
    [InlineData("""{"recipient":"alice","message":"\ude00\ud83d"}""", "message: has characters that are not allowed")]
    [InlineData("""{"recipient":"al\ud800ce","message":"hello"}""", "recipient: has characters that are not allowed")]
    public void SaysWhatIsWrongWithAFrame(string text, string expected)
    {
        Assert.False(V1SendFrame.TryRead(Encoding.UTF8.GetBytes(text), MaxMessageBytes, out _, out var faults));

        Assert.Equal(expected, string.Join(", ", faults.Select(fault => $"{fault.Key}: {fault.Value}")));
    }

    [Theory]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public void CountsTheLengthOfAMessageInBytesOfUtf8AfterUnescaping(int bytes, bool taken)
    {
        var frame = """{"recipient":"alice","message":"\u0061""" + new string('x', bytes - 3) + "é\"}";

        Assert.Equal(taken, V1SendFrame.TryRead(Encoding.UTF8.GetBytes(frame), MaxMessageBytes, out _, out var faults));
        Assert.Equal(!taken, faults.Contains(new("message", "is too long")));
    }

    [Fact]
    public void BytesThatAreNotUtf8AreRefused()
    {
        byte[] frame = [.. """{"recipient":"alice","message":" """u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.False(V1SendFrame.TryRead(frame, MaxMessageBytes, out _, out var faults));
        Assert.True(faults.Any);
    }

    [Theory]
    [InlineData("hello", "hello")]
    [InlineData("é 😀 <b>&'\u2028", "é 😀 <b>&'\u2028")]
    [InlineData("\"\\\n\u0001\u007f", "\\\"\\\\\\n\\u0001\u007f")]
    public void AMessageHasTheseBytes(string body, string escaped)
    {
        var message = Samples.Message with { Body = Encoding.UTF8.GetBytes(body) };

        var frame = Text(message);

        Assert.Equal(
            $$"""{"author":"bob","recipient":"alice","message":"{{escaped}}","message_type":0,"created_at":"2015-09-03T03:13:12.817650Z"}""",
            frame);
    }

    [Fact]
    public void APhotoAndAWholeSecondHaveTheseBytes()
    {
        var message = Samples.Message with { Type = MessageType.Photo, CreatedAt = new DateTime(2015, 9, 3, 3, 13, 12, DateTimeKind.Utc) };

        Assert.Equal(
            """{"author":"bob","recipient":"alice","message":"hello","message_type":1,"created_at":"2015-09-03T03:13:12.000000Z"}""",
            Text(message));
    }

    [Fact]
    public void ABodyThatIsNotUtf8StillMakesValidJson()
    {
        var frame = Text(Samples.Message with { Body = new byte[] { 0x61, 0xFF, 0x62 } });

        Assert.Equal("a\uFFFDb", JsonDocument.Parse(frame).RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public void OnlyDirectMessagesToTheUserAreShown()
    {
        var message = MessageEntry.Of(Samples.Message);

        Assert.True(V1Frames.TryMessage(message, "alice", out _));
        Assert.False(V1Frames.TryMessage(message, "bob", out _));
        Assert.False(V1Frames.TryMessage(message with { Type = "read" }, "alice", out _));
        Assert.False(V1Frames.TryMessage(message with { Fields = message.AckFields }, "alice", out _));
    }

    private static string Text(MessageRecord message)
    {
        Assert.True(V1Frames.TryMessage(MessageEntry.Of(message), "alice", out var frame));
        return Encoding.UTF8.GetString(frame.Memory.Span);
    }

    [Fact]
    public void AnErrorHasTheseBytes()
    {
        var frame = V1Frames.Error(400, "Form error", new FieldFaults { { "recipient", "is required" }, { "message", "is too long" } });

        Assert.Equal(
            """{"error":{"code":400,"errors":{"recipient":"is required","message":"is too long"},"message":"Form error"}}""",
            Encoding.UTF8.GetString(frame));
    }
}
