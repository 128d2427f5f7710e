using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Api;

/// <summary>A proxy that stops forwarding a client's data when the client sends a given word, until it is released.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IPEndPoint _server;
    private readonly string _word;
    private readonly Task _accepting;

    private StallingProxy(IPEndPoint server, string word)
    {
        (_server, _word) = (server, word);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    public static StallingProxy Start(string server, string until) => new(IPEndPoint.Parse(server), until);

    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
                relays.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        finally
        {
            await Task.WhenAll(relays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        await far.ConnectAsync(_server, _stop.Token);
        await Task.WhenAny(RequestsAsync(near.GetStream(), far.GetStream()), far.GetStream().CopyToAsync(near.GetStream(), _stop.Token));
    }

    private async Task RequestsAsync(NetworkStream near, NetworkStream far)
    {
        var buffer = new byte[65_536];
        while (await near.ReadAsync(buffer, _stop.Token) is > 0 and var count)
        {
            if (Encoding.ASCII.GetString(buffer, 0, count).Contains(_word, StringComparison.Ordinal))
                await _released.Task.WaitAsync(_stop.Token);
            await far.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }
}
