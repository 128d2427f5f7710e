using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.LocalHosting;

/// <summary>The TCP listener before the replicas of an endpoint.</summary>
public sealed class EndpointFrontTests
{
    [Fact]
    public async Task ADeadReplicaIsPassedOver()
    {
        using var alive = Listen();
        using var front = Front(out var endpoint, FreePorts.Take(), PortOf(alive));

        using var client = await ConnectAsync(endpoint);
        using var served = await alive.AcceptTcpClientAsync(LocalTopology.Timeout);
        await served.GetStream().WriteAsync("hello"u8.ToArray(), LocalTopology.Timeout);

        Assert.Equal("hello", await ReadAsync(client, 5));
    }

    [Fact]
    public async Task OneSideMayFinishSendingWhileTheOtherGoesOn()
    {
        using var server = Listen();
        using var front = Front(out var endpoint, PortOf(server));
        using var client = await ConnectAsync(endpoint);
        using var served = await server.AcceptTcpClientAsync(LocalTopology.Timeout);

        using var answer = new StreamReader(client.GetStream());
        await client.GetStream().WriteAsync("question"u8.ToArray(), LocalTopology.Timeout);
        client.Client.Shutdown(SocketShutdown.Send);
        using var question = new StreamReader(served.GetStream());
        Assert.Equal("question", await question.ReadToEndAsync(LocalTopology.Timeout));

        await served.GetStream().WriteAsync("answer"u8.ToArray(), LocalTopology.Timeout);
        served.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer", await answer.ReadToEndAsync(LocalTopology.Timeout));
    }

    [Fact]
    public async Task ABrokenConnectionBreaksItsOtherHalf()
    {
        using var server = Listen();
        using var front = Front(out var endpoint, PortOf(server));
        using var client = await ConnectAsync(endpoint);
        using var served = await server.AcceptTcpClientAsync(LocalTopology.Timeout);

        // Until a byte has passed, the front may still be connecting: a replica that breaks off then is one that does not answer.
        await served.GetStream().WriteAsync("x"u8.ToArray(), LocalTopology.Timeout);
        Assert.Equal("x", await ReadAsync(client, 1));
        served.LingerState = new LingerOption(enable: true, seconds: 0);
        served.Client.Close(timeout: 0);

        var broken = await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(client, 1));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(broken.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task AConnectionThatNobodyTakesIsClosed()
    {
        using var front = Front(out var endpoint, FreePorts.Take());
        using var client = await ConnectAsync(endpoint);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], LocalTopology.Timeout));
    }

    [Fact]
    public async Task BytesArriveCompleteAndInOrder()
    {
        using var server = Listen();
        using var front = Front(out var endpoint, PortOf(server));
        using var client = await ConnectAsync(endpoint);
        using var served = await server.AcceptTcpClientAsync(LocalTopology.Timeout);
        var sent = new byte[5_000_000];
        Random.Shared.NextBytes(sent);

        var sending = client.GetStream().WriteAsync(sent, LocalTopology.Timeout).AsTask();
        var received = new byte[sent.Length];
        await served.GetStream().ReadExactlyAsync(received, LocalTopology.Timeout);
        await sending;

        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public void ATakenPortIsToldInOneSentence()
    {
        using var taken = Listen();

        var refused = Assert.Throws<DistributedApplicationException>(
            () => EndpointFront.Open("api", new EndpointAnnotation("http", "http", PortOf(taken)), PortOf(taken), () => []));

        Assert.Equal($"Port {PortOf(taken)}, which 'api' wants for its endpoint 'http', is taken by another program.", refused.Message);
    }

    private static EndpointFront Front(out EndpointAnnotation endpoint, params int[] replicas)
    {
        endpoint = new EndpointAnnotation("http", "http", port: null);
        return EndpointFront.Open("api", endpoint, port: null, () => replicas);
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static async Task<TcpClient> ConnectAsync(EndpointAnnotation endpoint)
    {
        var client = new TcpClient();
        await client.ConnectAsync("localhost", endpoint.AllocatedEndpoint!.Port, LocalTopology.Timeout);
        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client, int count)
    {
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, LocalTopology.Timeout);
        return System.Text.Encoding.ASCII.GetString(bytes);
    }
}
