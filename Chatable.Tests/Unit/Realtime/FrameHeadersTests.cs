using Chatable.ApiService.Realtime.Handover;
using Chatable.Tests.Delivery;

namespace Chatable.Tests.Unit.Realtime;

public sealed class FrameHeadersTests
{
    private static readonly byte[] s_good =
    [
        .. RawSocket.Frame(RawSocket.Text, []),
        .. RawSocket.Frame(RawSocket.Continuation, new byte[125]),
        .. RawSocket.Frame(RawSocket.Final | RawSocket.Ping, [0x81, 0x00]),
        .. RawSocket.Frame(RawSocket.Final | RawSocket.Continuation, new byte[126]),
        .. RawSocket.Frame(RawSocket.Final | RawSocket.Text, new byte[70_000]),
        .. RawSocket.Frame(RawSocket.Final | RawSocket.Close, [0x03, 0xE8]),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public void ItStopsAtTheSecondByteOfTheFirstFrameWithoutAMaskHoweverTheBytesCome(int atOnce)
    {
        var headers = new FrameHeaders();
        var passed = 0;
        foreach (var some in ((byte[])[.. s_good, 0x81, 0x7F, 0xFF]).Chunk(atOnce))
        {
            if (!headers.HasFailed)
                passed += headers.Pass(some, out _);
        }

        Assert.True(headers.HasFailed);
        Assert.Equal(s_good.Length + 1, passed);
    }

    [Fact]
    public void FramesWithMasksPass()
    {
        var headers = new FrameHeaders();
        Assert.Equal(s_good.Length, headers.Pass(s_good, out _));
        Assert.Equal(14, headers.Pass(RawSocket.Frame(RawSocket.Final | RawSocket.Text, [], ulong.MaxValue), out _));
        Assert.Equal(5, headers.Pass([0x81, 0x00, 0x81, 0x00, 0x81], out _));
        Assert.False(headers.HasFailed);
    }
}
