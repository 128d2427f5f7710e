using System.Diagnostics;
using System.Net;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>A PostgreSQL that flushes its commits to disk, and keeps its port across restarts.</summary>
internal sealed class FaultPostgres : IAsyncDisposable
{
    internal const string Database = "chat";
    private const string Backup = "backup";

    private readonly DirectoryInfo _folder;
    private readonly List<int> _frozen = [];
    private readonly Node _node;
    private readonly IPEndPoint _address = new(IPAddress.Loopback, ServerProcess.FreePort());
    private FaultStandby? _successor;
    private FaultProxy? _toStandby;
    private string _data = "data";
    private string _expectedSyncState = "async";

    // If another server has replaced it: the old one on its own port, to read what it had.
    private Node? _past;
    private IPEndPoint? _pastAddress;

    private FaultPostgres(DirectoryInfo folder)
    {
        _folder = folder;
        _node = new Node("postgres", StartInfo, "ready to accept connections", ServerProcess.Interrupt);
    }

    public Node Node => _successor?.Node ?? _node;

    public IPEndPoint Address => _successor?.Address ?? _address;

    /// <summary>Its standby, if any; null once the standby is this server.</summary>
    public FaultStandby? Standby { get; private set; }

    /// <summary>The link that the standby follows through.</summary>
    public FaultProxy ToStandby => _toStandby!;

    /// <summary>Its small disk, if any.</summary>
    public SmallDisk? Disk { get; private set; }

    private string DataFolder => Path.Combine(Disk?.Folder ?? _folder.FullName, _data);

    /// <summary>Bypasses all proxies, without a pool: a restart leaves no broken connections behind.</summary>
    public string ConnectionString => ConnectionStringBy(Address, Database) + ";Pooling=false";

    public static string ConnectionStringBy(IPEndPoint proxy) => ConnectionStringBy(proxy, Database);

    public static async Task<FaultPostgres> StartAsync(int diskMegabytes, CancellationToken cancellationToken)
    {
        var folder = await ServerAccount.CreateFolderAsync("chatable-faults-postgres-", cancellationToken);
        var postgres = new FaultPostgres(folder);
        if (diskMegabytes > 0)
            postgres.Disk = await SmallDisk.MountAsync(diskMegabytes, cancellationToken);
        await ServerAccount.RunAsync(
            InstalledPrograms.Find("initdb"),
            ["-D", postgres.DataFolder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], cancellationToken);
        await postgres.Node.RestartAsync(cancellationToken);
        await Sql.ExecuteAsync(
            ConnectionStringBy(postgres.Address, "postgres") + ";Pooling=false", $"CREATE DATABASE {Database}", cancellationToken);
        await MigrationRun.ApplyAsync(postgres.ConnectionString, scripts: null, cancellationToken);
        return postgres;
    }

    /// <summary>Makes a promoted standby this server, which now owns it.</summary>
    public void GiveWayTo(FaultStandby standby) => _successor = standby;

    /// <summary>Adds a standby that no commit waits for.</summary>
    public async Task AddAsynchronousStandbyAsync(CancellationToken cancellationToken)
    {
        await StartStandbyAsync(cancellationToken);
        await WaitForStandbyAsync(cancellationToken);
    }

    /// <summary>Adds a standby that each commit waits for.</summary>
    public async Task AddSynchronousStandbyAsync(CancellationToken cancellationToken)
    {
        await StartStandbyAsync(cancellationToken);
        _expectedSyncState = "sync";
        await ExecuteAsync($"ALTER SYSTEM SET synchronous_standby_names = '{FaultStandby.Name}'", cancellationToken);
        await ExecuteAsync("SELECT pg_reload_conf()", cancellationToken);
        await WaitForStandbyAsync(cancellationToken);
    }

    /// <summary>Waits until the standby follows again and has replayed everything.</summary>
    public Task WaitForStandbyAsync(CancellationToken cancellationToken) => Eventually.HoldsAsync(
        () => HoldsAsync(
            $"SELECT 1 FROM pg_stat_replication WHERE sync_state = '{_expectedSyncState}' AND replay_lsn >= pg_current_wal_flush_lsn()",
            cancellationToken),
        "the standby has everything", cancellationToken);

    /// <summary>Kills the server for good and promotes the standby.</summary>
    public async Task FailOverAsync(CancellationToken cancellationToken)
    {
        await CrashAsync(cancellationToken);
        var standby = Standby!;
        await standby.PromoteAsync(cancellationToken);
        GiveWayTo(standby);
        Standby = null;
        (_past, _pastAddress) = (_node, _address);
    }

    /// <summary>Copies the files of the running server, to be restored later.</summary>
    public Task BackUpAsync(CancellationToken cancellationToken) => ServerAccount.RunAsync(
        InstalledPrograms.Find("pg_basebackup"),
        ["-h", Address.Address.ToString(), "-p", $"{Address.Port}", "-U", "postgres", "-D", Path.Combine(_folder.FullName, Backup),
         "-X", "stream", "-c", "fast", "--no-sync"],
        cancellationToken);

    /// <summary>Kills the server and restarts it on the files of the backup.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        await CrashAsync(cancellationToken);
        var (past, address) = (DataFolder, new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort()));
        (_past, _pastAddress) = (
            new Node("postgres-past", () => StartInfo(past, address.Port), "ready to accept connections", ServerProcess.Interrupt), address);
        _data = Backup;
        await Node.RestartAsync(cancellationToken);
    }

    /// <summary>Reads what the server had when it died; null if no other has replaced it.</summary>
    public async Task<T?> LookAtPastAsync<T>(Func<string, Task<T>> look, CancellationToken cancellationToken) where T : class
    {
        if (_past is null)
            return null;
        await _past.RestartAsync(cancellationToken);
        try
        {
            return await look(ConnectionStringBy(_pastAddress!, Database) + ";Pooling=false");
        }
        finally
        {
            await _past.EndAsync(Signals.Interrupt, cancellationToken);
        }
    }

    /// <summary>Whether a query returns a row.</summary>
    public async Task<bool> HoldsAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
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

    /// <summary>Also thaws processes whose postmaster has died: until they exit, no new one starts.</summary>
    public void Thaw()
    {
        lock (_frozen)
        {
            Signal(Signals.Continue, _frozen);
            _frozen.Clear();
        }
    }

    /// <summary>Kills only the postmaster; the other processes then exit unless they are frozen.</summary>
    public async Task CrashAsync(CancellationToken cancellationToken)
    {
        await Node.KillAsync(cancellationToken);
        Thaw();
    }

    public async ValueTask DisposeAsync()
    {
        Thaw();
        NpgsqlConnection.ClearAllPools();
        if (Standby is not null)
            await Standby.DisposeAsync();
        await _node.DisposeAsync();
        if (_successor is not null)
            await _successor.DisposeAsync();
        if (_past is not null && _past != _node)
            await _past.DisposeAsync();
        if (_toStandby is not null)
            await _toStandby.DisposeAsync();
        if (Disk is not null)
            await Disk.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartStandbyAsync(CancellationToken cancellationToken)
    {
        _toStandby = FaultProxy.Start(Address);
        Standby = await FaultStandby.StartAsync(_toStandby.Address, cancellationToken);
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

    private ProcessStartInfo StartInfo() => StartInfo(DataFolder, _address.Port);

    /// <summary>A server with the settings that a primary and its standby must share.</summary>
    internal static ProcessStartInfo StartInfo(string dataFolder, int port, params string[] more)
    {
        string[] settings = ["listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", "max_connections=200",
            "shared_buffers=64MB", "fsync=on", "full_page_writes=on", "synchronous_commit=on", .. more];
        return ServerAccount.StartInfo(
            InstalledPrograms.Find("postgres"), ["-D", dataFolder, .. settings.SelectMany(setting => new[] { "-c", setting })],
            ServerProcess.Interrupt);
    }
}
