using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>
/// A TCP proxy between a client and a server that simulates a failing network on demand. By default it changes nothing: bytes, half-closes
/// and resets pass in both directions. After a client's half-close, its link ends within a few seconds.
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

    /// <summary>Changes what clients send, from their next connection on. It is not a network fault and is not healed.</summary>
    public Rewrite? Rewrite { get; set; }

    /// <summary>Resets new connections at once.</summary>
    public bool Refuses { get; set; }

    public int Links => _links.Count;

    /// <summary>Connections that the server has not ended yet.</summary>
    public int ServerSides => _links.Keys.Count(link => !link.ServerHasEnded);

    /// <summary>
    /// Connections ended by <see cref="Toxics.CutAfterBytes"/> or <see cref="Toxics.CutAt"/>, or silenced by <see cref="Toxics.HoleAt"/>.
    /// </summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public static FaultProxy Start(IPEndPoint server) => new(() => server);

    /// <summary>For a server that may move; open connections stay where they are.</summary>
    public static FaultProxy Start(Func<IPEndPoint> server) => new(server);

    /// <summary>Ends all connections with a reset (RST) on both sides.</summary>
    public void Reset()
    {
        foreach (var link in _links.Keys)
            link.Reset();
    }

    /// <summary>Removes all faults of the network.</summary>
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

    // On its own thread, without events: none may arrive for clients that are already in the queue.
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

    // Null if no socket is available, now or any longer: a storm of thousands of abandoned and repeated connections can use up this
    // process's file descriptors. The next attempt follows a moment later.
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
        // Starts after the link is in the table, or it might never be removed.
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
