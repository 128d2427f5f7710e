using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Proxy;

public sealed class FaultProxyTests : IAsyncLifetime
{
    private readonly EchoServer _server = new();
    private FaultProxy _proxy = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _proxy = FaultProxy.Start(_server.Address);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task WithoutToxicsBytesAndHalfClosesPass()
    {
        using var client = await ConnectAsync();
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var receiving = ReadToEndAsync(client);
        await client.GetStream().WriteAsync(sent, Cancellation);
        client.Client.Shutdown(SocketShutdown.Send);

        Assert.Equal(sent, await receiving);
        await Eventually.HoldsAsync(() => Task.FromResult(_proxy.Links == 0), "the link has ended", Cancellation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LatencyDelaysEachDirectionByItself(bool up)
    {
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
        var late = new Toxics { Latency = TimeSpan.FromMilliseconds(400), Jitter = TimeSpan.FromMilliseconds(100) };
        (_proxy.Up, _proxy.Down) = up ? (late, Toxics.None) : (Toxics.None, late);

        var began = Stopwatch.StartNew();
        await AssertEchoesAsync(client);
        Assert.True(began.ElapsedMilliseconds >= 300, $"{began.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task LatencyKeepsTheOrderWhateverTheJitter()
    {
        using var client = await ConnectAsync();
        _proxy.Up = new Toxics { Latency = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(20) };
        var receiving = ReadAsync(client, 256);
        for (var i = 0; i < 256; i++)
            await client.GetStream().WriteAsync(new[] { (byte)i }, Cancellation);

        Assert.Equal(Enumerable.Range(0, 256).Select(i => (byte)i), await receiving);
    }

    [Fact]
    public async Task BandwidthIsLimited()
    {
        using var client = await ConnectAsync();
        _proxy.Down = new Toxics { BytesPerSecond = 20_000 };
        var began = Stopwatch.StartNew();
        await client.GetStream().WriteAsync(new byte[10_000], Cancellation);
        await ReadAsync(client, 10_000);

        Assert.True(began.ElapsedMilliseconds >= 400, $"{began.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task SlicesArriveOneByOneAndWhole()
    {
        using var client = await ConnectAsync();
        _proxy.Up = new Toxics { SliceBytes = 1 };
        await AssertEchoesAsync(client);
    }

    [Fact]
    public async Task APauseHoldsBytesBackAndLosesNone()
    {
        using var client = await ConnectAsync();
        _proxy.Up = new Toxics { Paused = true };
        await client.GetStream().WriteAsync("held"u8.ToArray(), Cancellation);
        var answer = ReadAsync(client, 4);
        using (var other = await ConnectAsync())
            Assert.False(answer.IsCompleted);

        _proxy.Heal();
        Assert.Equal("held", Encoding.ASCII.GetString(await answer));
    }

    [Fact]
    public async Task ABlackHoleHidesEvenTheEndOfAConnection()
    {
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
        _proxy.Up = new Toxics { BlackHole = true };
        await client.GetStream().WriteAsync("lost"u8.ToArray(), Cancellation);
        client.Client.Shutdown(SocketShutdown.Send);

        using var other = await ConnectAsync();
        Assert.Equal(1, _server.Open);
    }

    [Fact]
    public async Task AConnectionThatLostBytesIsResetWhenTheBlackHoleEnds()
    {
        using var client = await ConnectAsync();
        // A link that is not through to the server yet reads nothing while the way is off.
        await Eventually.HoldsAsync(() => Task.FromResult(_server.Open == 1), "the link is through", Cancellation);
        _proxy.Up = new Toxics { BlackHole = true };
        await AssertSwallowedAsync(client);

        _proxy.Heal();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.GetStream().WriteAsync("more"u8.ToArray(), Cancellation);
            await ReadAsync(client, 1);
        });
    }

    [Fact]
    public async Task ACutAfterSomeBytesLetsThoseThrough()
    {
        _proxy.Up = new Toxics { CutAfterBytes = 7 };
        using var client = await ConnectAsync();
        await AssertEndsAsync(client, "0123456789");
        await Eventually.HoldsAsync(() => Task.FromResult(_server.Received == "0123456"), "seven bytes arrived", Cancellation);
        Assert.Equal(1, _proxy.Cuts);
    }

    [Theory]
    [InlineData(false, "a;b;")]
    [InlineData(true, "a;b;COMMIT;")]
    public async Task ACutAtAPatternComesBeforeOrAfterTheServerHasSeenIt(bool after, string seen)
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync("a;"u8.ToArray(), Cancellation);
        await ReadAsync(client, 2);
        _proxy.Up = new Toxics { CutAt = new PatternCut("COMMIT"u8.ToArray(), after ? CutMoment.After : CutMoment.Before) };
        await AssertEndsAsync(client, "b;COMMIT;");

        await Eventually.HoldsAsync(() => Task.FromResult(_server.Open == 0), "the server's side has ended", Cancellation);
        Assert.Equal(seen, _server.Received);
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

    [Fact]
    public async Task AResetEndsAllConnectionsAndLaterOnesWork()
    {
        using var one = await ConnectAsync();
        using var two = await ConnectAsync();
        await AssertEchoesAsync(one);
        await AssertEchoesAsync(two);
        _proxy.Reset();
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(one, 1));
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(two, 1));

        using var three = await ConnectAsync();
        await AssertEchoesAsync(three);
    }

    [Fact]
    public async Task WhileItRefusesNobodyGetsThrough()
    {
        _proxy.Refuses = true;
        await AssertRefusedAsync();
        Assert.Equal(0, _server.Accepted);

        _proxy.Heal();
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsNotThereForTheClientEither()
    {
        await _server.DisposeAsync();
        await AssertRefusedAsync();
    }

    // What comes after the swallowed bytes proves that they were read, not that they still travel.
    private async Task AssertSwallowedAsync(TcpClient client)
    {
        for (var i = 0; i < 64; i++)
            await client.GetStream().WriteAsync(new byte[64 * 1024], Cancellation);
        Assert.Equal("", _server.Received);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Address.Port, Cancellation);
        return client;
    }

    private static async Task AssertEchoesAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("hello"u8.ToArray(), Cancellation);
        Assert.Equal("hello", Encoding.ASCII.GetString(await ReadAsync(client, 5)));
    }

    // The reset may come so soon that it is the connecting that fails.
    private async Task AssertRefusedAsync()
    {
        var refusal = await Record.ExceptionAsync(async () =>
        {
            using var refused = await ConnectAsync();
            await AssertEchoesAsync(refused);
        });
        Assert.True(refusal is SocketException or IOException, $"{refusal}");
    }

    private static async Task AssertEndsAsync(TcpClient client, string send) =>
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(send), Cancellation);
            await ReadAsync(client, 1_000);
        });

    private static async Task<byte[]> ReadAsync(TcpClient client, int count)
    {
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, Cancellation);
        return bytes;
    }

    private static async Task<byte[]> ReadToEndAsync(TcpClient client)
    {
        using var all = new MemoryStream();
        await client.GetStream().CopyToAsync(all, Cancellation);
        return all.ToArray();
    }
}
