using System.Diagnostics;
using System.Net;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>A PostgreSQL that forces what it commits to the disk, and keeps its port over restarts.</summary>
internal sealed class FaultPostgres : IAsyncDisposable
{
    internal const string Database = "chat";

    private readonly DirectoryInfo _folder;
    private readonly List<int> _frozen = [];

    private FaultPostgres(DirectoryInfo folder)
    {
        _folder = folder;
        Address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort());
        Node = new Node("postgres", StartInfo, "ready to accept connections", ServerProcess.Interrupt);
    }

    public Node Node { get; }

    public IPEndPoint Address { get; }

    /// <summary>The small disk it runs on, if any.</summary>
    public SmallDisk? Disk { get; private set; }

    private string DataFolder => Path.Combine(Disk?.Folder ?? _folder.FullName, "data");

    /// <summary>Past all proxies, unpooled: a restart leaves no broken connections behind.</summary>
    public string ConnectionString => ConnectionStringBy(Address, Database) + ";Pooling=false";

    public static string ConnectionStringBy(IPEndPoint proxy) => ConnectionStringBy(proxy, Database);

    public static async Task<FaultPostgres> StartAsync(int diskMegabytes, CancellationToken cancellationToken)
    {
        var folder = await UnprivilegedUser.CreateFolderAsync("chatable-faults-postgres-", cancellationToken);
        var postgres = new FaultPostgres(folder);
        if (diskMegabytes > 0)
            postgres.Disk = await SmallDisk.MountAsync(diskMegabytes, cancellationToken);
        await UnprivilegedUser.RunAsync(
            InstalledPrograms.Find("initdb"),
            ["-D", postgres.DataFolder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], cancellationToken);
        await postgres.Node.RestartAsync(cancellationToken);
        await Sql.ExecuteAsync(
            ConnectionStringBy(postgres.Address, "postgres") + ";Pooling=false", $"CREATE DATABASE {Database}", cancellationToken);
        await MigrationRun.ApplyAsync(postgres.ConnectionString, scripts: null, cancellationToken);
        return postgres;
    }

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => Sql.ExecuteAsync(ConnectionString, sql, cancellationToken);

    /// <summary>The server's processes, the postmaster first.</summary>
    public IReadOnlyList<int> Processes => Node.ProcessId is { } postmaster ? [postmaster, .. ProcessTable.ChildrenOf(postmaster)] : [];

    public void Freeze()
    {
        lock (_frozen)
        {
            _frozen.AddRange(Processes);
            Signal(Signals.Stop, _frozen);
        }
    }

    /// <summary>Those too whose postmaster has died meanwhile: while they are there, no new one starts.</summary>
    public void Thaw()
    {
        lock (_frozen)
        {
            Signal(Signals.Continue, _frozen);
            _frozen.Clear();
        }
    }

    /// <summary>Kills the postmaster alone; the others then end by themselves, unless they are frozen.</summary>
    public async Task CrashAsync(CancellationToken cancellationToken)
    {
        await Node.KillAsync(cancellationToken);
        Thaw();
    }

    public async ValueTask DisposeAsync()
    {
        Thaw();
        NpgsqlConnection.ClearAllPools();
        await Node.DisposeAsync();
        if (Disk is not null)
            await Disk.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static void Signal(int signal, IEnumerable<int> processes)
    {
        foreach (var process in processes)
            Signals.Send(process, signal);
    }

    internal static string ConnectionStringBy(IPEndPoint address, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = address.Address.ToString(),
        Port = address.Port,
        Username = "postgres",
        Database = database,
        Timeout = 10,
    }.ConnectionString;

    private ProcessStartInfo StartInfo() => StartInfo(DataFolder, Address.Port);

    /// <summary>A server of the same settings as a primary and its standby have to have.</summary>
    internal static ProcessStartInfo StartInfo(string dataFolder, int port, params string[] more)
    {
        string[] settings = ["listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", "max_connections=200",
            "shared_buffers=64MB", "fsync=on", "full_page_writes=on", "synchronous_commit=on", .. more];
        return UnprivilegedUser.StartInfo(
            InstalledPrograms.Find("postgres"), ["-D", dataFolder, .. settings.SelectMany(setting => new[] { "-c", setting })],
            ServerProcess.Interrupt);
    }
}
