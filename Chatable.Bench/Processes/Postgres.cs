using Npgsql;

namespace Chatable.Bench.Processes;

/// <summary>A PostgreSQL of the measurement's own that forces what it commits to the disk.</summary>
internal sealed class Postgres : IDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly int _port;

    private Postgres(DirectoryInfo folder, int port, ServerProcess process) => (_folder, _port, Process) = (folder, port, process);

    public ServerProcess Process { get; }

    public static async Task<Postgres> StartAsync(CancellationToken cancellationToken)
    {
        var folder = await ServerAccount.CreateFolderAsync("chatable-bench-postgres-", cancellationToken);
        var data = Path.Combine(folder.FullName, "data");
        await ServerAccount.RunAsync(
            InstalledPrograms.Find("initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cancellationToken);
        var port = ServerProcess.FreePort();
        // The defaults of PostgreSQL but for memory and the size of the log before a checkpoint, which no installation leaves as they are.
        string[] settings = ["listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", "max_connections=200",
            "shared_buffers=512MB", "min_wal_size=4GB", "max_wal_size=4GB",
            "fsync=on", "full_page_writes=on", "synchronous_commit=on"];
        var process = await ServerProcess.StartAsync(
            ServerAccount.StartInfo(
                InstalledPrograms.Find("postgres"), ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })],
                ServerProcess.Interrupt),
            "ready to accept connections", ServerProcess.Interrupt, cancellationToken, "postgres");
        return new Postgres(folder, port, process);
    }

    /// <summary>A new, empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using var server = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = server.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return ConnectionString(name);
    }

    /// <summary>
    /// As every few minutes on a server that has been up for a while: its log then goes on in files it has already. A new one is first
    /// filled with zeros, while nobody can commit.
    /// </summary>
    public async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        await using var server = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = server.CreateCommand("CHECKPOINT");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        Process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database}";
}
