using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>
/// Stands between a client and a server on TCP and is a network that fails on demand. Unless told otherwise it changes nothing: bytes,
/// half-closes and resets of either side reach the other. A client that has said its last is not kept for more than some seconds.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(10);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<ProxyLink, Task> _links = new();
    private readonly Func<IPEndPoint> _server;
    private readonly Task _accepting;
    private int _cuts;

    private FaultProxy(Func<IPEndPoint> server)
    {
        _server = server;
        _listener.Start(backlog: 512);
        _accepting = Task.Factory.StartNew(Accept, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>What happens to the bytes from the client to the server.</summary>
    public Toxics Up { get; set; } = Toxics.None;

    /// <summary>What happens to the bytes from the server to the client.</summary>
    public Toxics Down { get; set; } = Toxics.None;

    /// <summary>What clients say is changed by this on its way, from their next connection on. It is no fault of the network, and not healed.</summary>
    public Rewrite? Rewrite { get; set; }

    /// <summary>New connections are reset at once.</summary>
    public bool Refuses { get; set; }

    public int Links => _links.Count;

    /// <summary>Connections the server has not ended yet.</summary>
    public int ServerSides => _links.Keys.Count(link => !link.ServerHasEnded);

    /// <summary>
    /// Connections ended by <see cref="Toxics.CutAfterBytes"/> or <see cref="Toxics.CutAt"/>, or silenced by <see cref="Toxics.HoleAt"/>.
    /// </summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public static FaultProxy Start(IPEndPoint server) => new(() => server);

    /// <summary>To a server that may move; connections that are open stay where they are.</summary>
    public static FaultProxy Start(Func<IPEndPoint> server) => new(server);

    /// <summary>All connections end as if the cable were pulled and a stranger answered: with RST on both sides.</summary>
    public void Reset()
    {
        foreach (var link in _links.Keys)
            link.Reset();
    }

    /// <summary>The network is well again.</summary>
    public void Heal() => (Up, Down, Refuses) = (Toxics.None, Toxics.None, false);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Reset();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_links.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    internal void CountCut() => Interlocked.Increment(ref _cuts);

    // On a thread of its own, so that it waits for no event: of clients that are in the queue already none may come.
    private void Accept()
    {
        while (!_stop.IsCancellationRequested)
        {
            if (TryAccept() is not { } link)
                continue;
            if (Refuses)
                link.Reset();
            else
                _links[link] = RunAsync(link);
        }
    }

    // Null where there is no socket to be had just now, or any more: a storm of thousands of connections that are given up and come again
    // can take all files this process may open. The next is tried a moment later.
    private ProxyLink? TryAccept()
    {
        Socket? client = null;
        try
        {
            client = _listener.AcceptSocket();
            return new ProxyLink(this, client);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            client?.Dispose();
            _stop.Token.WaitHandle.WaitOne(s_again);
            return null;
        }
    }

    private async Task RunAsync(ProxyLink link)
    {
        // Not before it is in the table, or it might stay there.
        await Task.Yield();
        try
        {
            await link.RunAsync(_server(), _stop.Token);
        }
        finally
        {
            _links.TryRemove(link, out _);
        }
    }
}
