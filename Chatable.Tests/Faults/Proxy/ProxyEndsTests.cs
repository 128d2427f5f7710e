using System.Net;
using System.Net.Sockets;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>How connections end or fail to begin.</summary>
public sealed class ProxyEndsTests : ProxyTest
{
    [Fact]
    public async Task ACutAfterSomeBytesLetsThoseThrough()
    {
        Proxy.Up = new Toxics { CutAfterBytes = 7 };
        using var client = await ConnectAsync();
        await AssertEndsAsync(client, "0123456789");
        await Eventually.HoldsAsync(() => Task.FromResult(Server.Received == "0123456"), "seven bytes arrived", Token);
        Assert.Equal(1, Proxy.Cuts);
    }

    [Theory]
    [InlineData(false, "a;b;")]
    [InlineData(true, "a;b;COMMIT;")]
    public async Task ACutAtAPatternComesBeforeOrAfterTheServerHasSeenIt(bool after, string seen)
    {
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync("a;"u8.ToArray(), Token);
        await ReadAsync(client, 2);
        Proxy.Up = new Toxics { CutAt = new PatternCut("COMMIT"u8.ToArray(), after ? CutMoment.After : CutMoment.Before) };
        await AssertEndsAsync(client, "b;COMMIT;");

        await Eventually.HoldsAsync(() => Task.FromResult(Server.Open == 0), "the server's side has ended", Token);
        Assert.Equal(seen, Server.Received);
    }

    [Fact]
    public async Task AResetEndsAllConnectionsAndLaterOnesWork()
    {
        using var one = await ConnectAsync();
        using var two = await ConnectAsync();
        await AssertEchoesAsync(one);
        await AssertEchoesAsync(two);
        Proxy.Reset();
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(one, 1));
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(two, 1));

        using var three = await ConnectAsync();
        await AssertEchoesAsync(three);
    }

    [Fact]
    public async Task WhileItRefusesNobodyGetsThrough()
    {
        Proxy.Refuses = true;
        await AssertRefusedAsync();
        Assert.Equal(0, Server.Accepted);

        Proxy.Heal();
        using var client = await ConnectAsync();
        await AssertEchoesAsync(client);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsNotThereForTheClientEither()
    {
        await Server.DisposeAsync();
        await AssertRefusedAsync();
    }

    [Fact]
    public async Task AClientThatGivesUpOnADeadWayIsNotKept()
    {
        Proxy.Up = new Toxics { Paused = true };
        using (await ConnectAsync())
            await HasLinksAsync(Proxy, 1);

        await HasLinksAsync(Proxy, 0);
        Assert.Equal(0, Server.Accepted);
    }

    [Fact]
    public async Task AClientThatLeavesAFrozenServerIsNotKept()
    {
        using var frozen = new TcpListener(IPAddress.Loopback, 0);
        frozen.Start();
        await using var proxy = FaultProxy.Start((IPEndPoint)frozen.LocalEndpoint);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(proxy.Address, Token);
            await client.GetStream().WriteAsync("hello"u8.ToArray(), Token);
            await HasLinksAsync(proxy, 1);
        }

        await HasLinksAsync(proxy, 0);
        using var late = await frozen.AcceptSocketAsync(Token);
        var buffer = new byte[16];
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, await late.ReceiveAsync(buffer, Token)));
    }

    private static Task HasLinksAsync(FaultProxy proxy, int count) =>
        Eventually.HoldsAsync(() => Task.FromResult(proxy.Links == count), $"the proxy has {count} connections", Token);

    // The reset may come so soon that connecting fails.
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
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(send), Token);
            await ReadAsync(client, 1_000);
        });
}
