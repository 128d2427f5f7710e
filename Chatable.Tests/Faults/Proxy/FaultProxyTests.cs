using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>What happens to bytes in transit.</summary>
public sealed class FaultProxyTests : ProxyTest
{
    [Fact]
    public async Task WithoutToxicsBytesAndHalfClosesPass()
    {
        using var client = await ConnectAsync();
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var receiving = ReadToEndAsync(client);
        await client.GetStream().WriteAsync(sent, Token);
        client.Client.Shutdown(SocketShutdown.Send);

        Assert.Equal(sent, await receiving);
        await Eventually.HoldsAsync(() => Task.FromResult(Proxy.Links == 0), "the link has ended", Token);
    }

    [Fact]
    public async Task ClientsThatGiveUpBeforeTheyAreTakenDoNotEndIt()
    {
        for (var i = 0; i < 3000; i++)
        {
            using var hasty = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            hasty.LingerState = new LingerOption(enable: true, seconds: 0);
            try
            {
                hasty.Connect(Proxy.Address);
            }
            catch (SocketException)
            {
                // It is still connecting, and is given up.
            }
        }

        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LatencyDelaysEachDirectionByItself(bool up)
    {
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
        var late = new Toxics { Latency = TimeSpan.FromMilliseconds(400), Jitter = TimeSpan.FromMilliseconds(100) };
        (Proxy.Up, Proxy.Down) = up ? (late, Toxics.None) : (Toxics.None, late);

        var began = Stopwatch.StartNew();
        await AssertEchoesAsync(client);
        Assert.True(began.ElapsedMilliseconds >= 300, $"{began.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task LatencyKeepsTheOrderWhateverTheJitter()
    {
        using var client = await ConnectAsync();
        Proxy.Up = new Toxics { Latency = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(20) };
        var receiving = ReadAsync(client, 256);
        for (var i = 0; i < 256; i++)
            await client.GetStream().WriteAsync(new[] { (byte)i }, Token);

        Assert.Equal(Enumerable.Range(0, 256).Select(i => (byte)i), await receiving);
    }

    [Fact]
    public async Task BandwidthIsLimited()
    {
        using var client = await ConnectAsync();
        Proxy.Down = new Toxics { BytesPerSecond = 20_000 };
        var began = Stopwatch.StartNew();
        await client.GetStream().WriteAsync(new byte[10_000], Token);
        await ReadAsync(client, 10_000);

        Assert.True(began.ElapsedMilliseconds >= 400, $"{began.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task SlicesArriveOneByOneAndWhole()
    {
        using var client = await ConnectAsync();
        Proxy.Up = new Toxics { SliceBytes = 1 };
        await AssertEchoesAsync(client);
    }

    [Fact]
    public async Task APauseHoldsBytesBackAndLosesNone()
    {
        using var client = await ConnectAsync();
        Proxy.Up = new Toxics { Paused = true };
        await client.GetStream().WriteAsync("held"u8.ToArray(), Token);
        var answer = ReadAsync(client, 4);
        using (var other = await ConnectAsync())
            Assert.False(answer.IsCompleted);

        Proxy.Heal();
        Assert.Equal("held", Encoding.ASCII.GetString(await answer));
    }

    [Fact]
    public async Task ABlackHoleHidesEvenTheEndOfAConnection()
    {
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
        Proxy.Up = new Toxics { BlackHole = true };
        await client.GetStream().WriteAsync("lost"u8.ToArray(), Token);
        client.Client.Shutdown(SocketShutdown.Send);

        using var other = await ConnectAsync();
        Assert.Equal(1, Server.Open);
    }

    [Fact]
    public async Task AConnectionThatLostBytesIsResetWhenTheBlackHoleEnds()
    {
        using var client = await ConnectAsync();
        // Until a link is connected to the server, it reads nothing in a black hole.
        await Eventually.HoldsAsync(() => Task.FromResult(Server.Open == 1), "the link is connected", Token);
        Proxy.Up = new Toxics { BlackHole = true };
        await AssertSwallowedAsync(client);

        Proxy.Heal();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.GetStream().WriteAsync("more"u8.ToArray(), Token);
            await ReadAsync(client, 1);
        });
    }

    [Fact]
    public void APatternIsFoundThoughItComesInPieces()
    {
        var search = new PatternSearch();
        Assert.Null(search.Find("COMMIT"u8, "xxCO"u8));
        Assert.Null(search.Find("COMMIT"u8, "M"u8));
        Assert.Equal(0, search.Find("COMMIT"u8, "MIT\0"u8));
        Assert.Null(search.Find("COMMIT"u8, "MIT"u8));
        Assert.Equal(2, search.Find("COMMIT"u8, "xxCOMMIT"u8));
    }

    // Later bytes prove that the swallowed ones were read and are not still in transit.
    private async Task AssertSwallowedAsync(TcpClient client)
    {
        for (var i = 0; i < 64; i++)
            await client.GetStream().WriteAsync(new byte[64 * 1024], Token);
        Assert.Equal("", Server.Received);
    }

    private static async Task<byte[]> ReadToEndAsync(TcpClient client)
    {
        using var all = new MemoryStream();
        await client.GetStream().CopyToAsync(all, Token);
        return all.ToArray();
    }
}
