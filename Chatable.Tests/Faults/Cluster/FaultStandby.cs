using System.Net;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>
/// A physical standby of a PostgreSQL server: a copy of its files that streams its WAL. Whether commits wait for it depends on the
/// primary's <c>synchronous_standby_names</c>, which lists it by <see cref="Name"/>.
/// </summary>
internal sealed class FaultStandby : IAsyncDisposable
{
    public const string Name = "standby";

    private readonly DirectoryInfo _folder;
    private readonly List<int> _frozen = [];

    private FaultStandby(DirectoryInfo folder, IPEndPoint upstream)
    {
        _folder = folder;
        Address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort());
        var source = $"host={upstream.Address} port={upstream.Port} user=postgres application_name={Name}";
        Node = new Node(
            Name, () => FaultPostgres.StartInfo(DataFolder, Address.Port, $"primary_conninfo={source}"),
            "ready to accept", ServerProcess.Interrupt);
    }

    public Node Node { get; }

    public IPEndPoint Address { get; }

    /// <summary>Bypasses all proxies, without a pool.</summary>
    public string ConnectionString => FaultPostgres.ConnectionStringBy(Address, FaultPostgres.Database) + ";Pooling=false";

    /// <summary>The server's processes, the postmaster first.</summary>
    public IReadOnlyList<int> Processes => Node.ProcessId is { } postmaster ? [postmaster, .. ProcessTable.ChildrenOf(postmaster)] : [];

    private string DataFolder => Path.Combine(_folder.FullName, "data");

    /// <summary>Copies a server that trusts local connections, and follows it.</summary>
    /// <param name="upstream">The source of the WAL: a proxy in front of the primary, which can make the standby lag.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<FaultStandby> StartAsync(IPEndPoint upstream, CancellationToken cancellationToken)
    {
        var standby = new FaultStandby(await ServerAccount.CreateFolderAsync("chatable-standby-", cancellationToken), upstream);
        await ServerAccount.RunAsync(
            InstalledPrograms.Find("pg_basebackup"),
            ["-h", upstream.Address.ToString(), "-p", $"{upstream.Port}", "-U", "postgres", "-D", standby.DataFolder, "-R", "-X", "stream",
             "-c", "fast", "--no-sync"],
            cancellationToken);
        await standby.Node.RestartAsync(cancellationToken);
        return standby;
    }

    /// <summary>It stops receiving and answering.</summary>
    public void Freeze()
    {
        lock (_frozen)
        {
            _frozen.AddRange(Processes);
            Signal(Signals.Stop);
        }
    }

    public void Thaw()
    {
        lock (_frozen)
        {
            Signal(Signals.Continue);
            _frozen.Clear();
        }
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        await Node.KillAsync(cancellationToken);
        Thaw();
    }

    /// <summary>Promotes it to a primary with its own timeline.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(ConnectionString, "SELECT pg_promote(true, 60)", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Thaw();
        await Node.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void Signal(int signal)
    {
        foreach (var process in _frozen)
            Signals.Send(process, signal);
    }
}
