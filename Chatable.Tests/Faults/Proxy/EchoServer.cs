using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>Sends back what it receives, and records it.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _received = new();
    private readonly Task _accepting;
    private int _open;

    public EchoServer()
    {
        _listener.Start();
        Address = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address { get; }

    public int Accepted { get; private set; }

    public int Open => Volatile.Read(ref _open);

    public string Received
    {
        get
        {
            lock (_received)
                return _received.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            Accepted++;
            Interlocked.Increment(ref _open);
            _ = EchoAsync(client);
        }
    }

    private async Task EchoAsync(TcpClient client)
    {
        using var open = client;
        var buffer = new byte[64 * 1024];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and var count)
            {
                lock (_received)
                    _received.Append(Encoding.ASCII.GetString(buffer, 0, count));
                await client.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The connection was cut.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
