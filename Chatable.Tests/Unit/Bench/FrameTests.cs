using System.Text;
using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Sockets;

namespace Chatable.Tests.Unit.Bench;

public sealed class FrameTests
{
    /// <summary>RFC 6455, 5.7: "a single-frame masked text message", which contains "Hello".</summary>
    [Fact]
    public void TheExampleOfTheSpecificationIsWritten() =>
        Assert.Equal("818537FA213D7F9F4D5158", Convert.ToHexString(Write(Opcode.Text, "Hello"u8, key: 0x3D21FA37)));

    [Theory]
    [InlineData(0, "8180")]
    [InlineData(125, "81FD")]
    [InlineData(126, "81FE007E")]
    [InlineData(65_535, "81FEFFFF")]
    [InlineData(65_536, "81FF0000000000010000")]
    public void ALengthTakesTheFormTheSpecificationGivesIt(int length, string head)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        var frame = Write(Opcode.Text, payload, key: 0x04030201);

        Assert.Equal(head + "01020304", Convert.ToHexString(frame.AsSpan(0, (head.Length / 2) + 4)));
        var masked = frame.AsSpan((head.Length / 2) + 4).ToArray();
        Assert.Equal(payload, masked.Select((value, i) => (byte)(value ^ (1 + (i % 4)))));
    }

    /// <summary>RFC 6455, 5.7: the unmasked "Hello", whole and in two fragments, and 256 bytes of binary.</summary>
    [Theory]
    [InlineData("810548656C6C6F", Opcode.Text, true, 5)]
    [InlineData("010348656C", Opcode.Text, false, 3)]
    [InlineData("80026C6F", Opcode.Continuation, true, 2)]
    [InlineData("880203E8", Opcode.Close, true, 2)]
    public void FramesOfAServerAreRead(string hex, object opcode, bool isFinal, int length)
    {
        var bytes = Convert.FromHexString(hex);

        Assert.True(ServerFrame.TryRead(bytes, out var frame, out var used));
        Assert.Equal((opcode, isFinal, length, bytes.Length), ((object)frame.Opcode, frame.IsFinal, frame.Payload.Length, used));
    }

    [Fact]
    public void LongFramesAreRead()
    {
        Assert.True(ServerFrame.TryRead([0x82, 0x7E, 0x01, 0x00, .. new byte[256]], out var frame, out var used));
        Assert.Equal((256, 260), (frame.Payload.Length, used));
        Assert.True(ServerFrame.TryRead([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0, .. new byte[65_536], 0x81], out frame, out used));
        Assert.Equal((65_536, 65_546), (frame.Payload.Length, used));
    }

    [Fact]
    public void AFrameWaitsForItsLastByte()
    {
        byte[] whole = [0x82, 0x7E, 0x01, 0x00, .. new byte[256]];

        for (var length = 0; length < whole.Length; length++)
            Assert.False(ServerFrame.TryRead(whole.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void FragmentsBecomeOneMessage()
    {
        var assembly = new FrameAssembly();

        Assert.False(assembly.TryComplete(new ServerFrame(Opcode.Text, false, "Hel"u8), out _));
        Assert.True(assembly.TryComplete(new ServerFrame(Opcode.Continuation, true, "lo"u8), out var message));
        Assert.Equal("Hello", Encoding.ASCII.GetString(message));
        Assert.True(assembly.TryComplete(new ServerFrame(Opcode.Text, true, "next"u8), out message));
        Assert.Equal("next", Encoding.ASCII.GetString(message));
    }

    [Fact]
    public void ATemplateIsFilledWhereverAnIndexBelongs()
    {
        var template = new MessageTemplate($"{{\"id\":\"{Marker.Hole}\",\"message\":\"{Marker.TextOf(lane: 31, textBytes: 24)}\"}}");

        Assert.Equal("""{"id":"000000000abc","message":"0000001f-000000000abc-xx"}""", Encoding.ASCII.GetString(template.Fill(0xABC)));
        Assert.True(JsonScan.TryText(template.Fill(0xABD), "\"message\":\""u8, out var text));
        Assert.True(Marker.TryRead(text, out var lane, out var index));
        Assert.Equal((31, 0xABDL), (lane, index));
    }

    private static byte[] Write(Opcode opcode, ReadOnlySpan<byte> payload, uint key)
    {
        var output = new OutputBuffer();
        ClientFrame.Write(opcode, payload, key, ref output);
        return output.Waiting.ToArray();
    }
}
