using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>A test of one proxy in front of a server that repeats what it receives.</summary>
public abstract class ProxyTest : IAsyncLifetime
{
    private protected EchoServer Server { get; } = new();

    private protected FaultProxy Proxy { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Proxy = FaultProxy.Start(Server.Address);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Proxy.Address.Port, Token);
        return client;
    }

    protected static async Task AssertEchoesAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("hello"u8.ToArray(), Token);
        Assert.Equal("hello", Encoding.ASCII.GetString(await ReadAsync(client, 5)));
    }

    protected static async Task<byte[]> ReadAsync(TcpClient client, int count)
    {
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, Token);
        return bytes;
    }
}
