using System.Collections.Concurrent;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// Many users with many sockets who sometimes write, in addition to the workload's own, for the cluster's lifetime. No history is kept:
/// each socket checks its log as it arrives, and each user knows what it was told is stored.
/// </summary>
internal sealed class WritingCrowd : IAsyncDisposable
{
    private const int SocketsPerUser = 10;
    private const int MessagesPerSecond = 10;
    private const int RegisteringAtOnce = 16;
    private const int ConnectingAtOnce = 50;
    private const int MostReports = 20;

    // Each socket takes three: its own, and both sides of a proxy. The rest is for the workload and the processes' output.
    private const int FilesPerSocket = 3;
    private const int OtherFiles = 2000;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    private readonly FaultCluster _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Violation> _reports = new();
    private readonly List<Task> _running = [];
    private CrowdUser[] _users = [];
    private CrowdSocket[] _sockets = [];
    private volatile bool _isWriting;
    private volatile bool _isAtHome = true;

    private WritingCrowd(FaultCluster cluster) => _cluster = cluster;

    public IReadOnlyList<CrowdUser> Users => _users;

    public IReadOnlyList<CrowdSocket> Sockets => _sockets;

    public int Acked => _users.Sum(user => user.Acked.Count);

    public int Ready => _sockets.Count(socket => socket.IsReady);

    /// <summary>Registers the users and connects their sockets, spread over the servers.</summary>
    public static async Task<WritingCrowd> GatherAsync(FaultCluster cluster, int users, CancellationToken cancellationToken)
    {
        var needed = users * SocketsPerUser * FilesPerSocket + OtherFiles;
        if (ProcessTable.FileLimit() is { } limit && limit < needed)
            throw new InvalidOperationException(
                $"A crowd of {users} users takes {needed} open files, and {limit} are allowed; see 'ulimit -Hn'.");
        var crowd = new WritingCrowd(cluster);
        try
        {
            await crowd.GatherAsync(users, cancellationToken);
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server for a socket: its home, or any server while faults may be active.</summary>
    public int PickServer(CrowdSocket socket) => _isAtHome ? socket.Home : Random.Shared.Next(_cluster.Apis.Count);

    public Uri AddressOf(int server) => _cluster.Apis[server].Address;

    public void Report(string invariant, string what)
    {
        if (_reports.Count < MostReports)
            _reports.Enqueue(new Violation(invariant, $"crowd: {what}"));
    }

    /// <summary>Starts writing; disconnected sockets now connect to any server.</summary>
    public void Begin() => (_isWriting, _isAtHome) = (true, false);

    /// <summary>Stops writing; all sockets return to their home servers.</summary>
    public void GoHome() => (_isWriting, _isAtHome) = (false, true);

    /// <summary>Each of these users writes to itself, unless one of its messages is in flight.</summary>
    public void WriteToThemselves(Func<CrowdUser, bool> who)
    {
        foreach (var user in _users.Where(who))
            user.Write(user);
    }

    /// <summary>The reports since the last call.</summary>
    public IReadOnlyList<Violation> TakeReports()
    {
        List<Violation> all = [];
        while (_reports.TryDequeue(out var one))
            all.Add(one);
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task GatherAsync(int users, CancellationToken cancellationToken)
    {
        _users = new CrowdUser[users];
        using var client = new ChatClient(_cluster.Apis[0].Address);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = RegisteringAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(
            0, users, parallel, async (i, token) => _users[i] = new CrowdUser(await client.RegisterAsync(token), this));
        foreach (var user in _users)
            user.Sockets = [.. Enumerable.Range(0, SocketsPerUser)
                .Select(i => new CrowdSocket(user, $"device-{i}", i % _cluster.Apis.Count, this))];
        _sockets = [.. _users.SelectMany(user => user.Sockets)];
        foreach (var socket in _sockets)
        {
            _running.Add(Task.Run(() => socket.StayAsync(_stop.Token), CancellationToken.None));
            await WaitForAsync(_running.Count - ConnectingAtOnce, cancellationToken);
        }

        _running.Add(Task.Run(WriteAsync, CancellationToken.None));

        await WaitForAsync(_sockets.Length, cancellationToken);
    }

    private async Task WaitForAsync(int ready, CancellationToken cancellationToken)
    {
        while (Ready < ready)
            await Task.Delay(s_tick, cancellationToken);
    }

    private CrowdUser Anybody() => _users[Random.Shared.Next(_users.Length)];

    private async Task WriteAsync()
    {
        using var timer = new PeriodicTimer(s_tick);
        for (var tick = 0; await timer.WaitForNextTickAsync(_stop.Token); tick++)
        {
            for (var i = 0; _isWriting && i < MessagesPerSecond * s_tick.TotalSeconds; i++)
                Anybody().Write(Anybody());
            foreach (var user in _users)
                _ = user.SendDueAsync(_stop.Token);
            if (tick % 10 != 0)
                continue;
            foreach (var socket in _sockets)
            {
                socket.DropIfSilent();
                if (_isAtHome && socket.IsReady && socket.Server != socket.Home)
                    socket.Drop();
            }
        }
    }
}
