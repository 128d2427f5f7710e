namespace Chatable.Bench.Processes;

/// <summary>A Redis of the measurement's own, with an append-only file as in production.</summary>
internal sealed class Redis : IDisposable
{
    private readonly DirectoryInfo _folder;

    private Redis(DirectoryInfo folder, string connectionString, ServerProcess process) =>
        (_folder, ConnectionString, Process) = (folder, connectionString, process);

    public ServerProcess Process { get; }

    public string ConnectionString { get; }

    public static async Task<Redis> StartAsync(CancellationToken cancellationToken)
    {
        var folder = await ServerAccount.CreateFolderAsync("chatable-bench-redis-", cancellationToken);
        var port = ServerProcess.FreePort();
        var process = await ServerProcess.StartAsync(
            ServerAccount.StartInfo(
                InstalledPrograms.FindRedis(),
                ["--bind", "127.0.0.1", "--port", $"{port}", "--dir", folder.FullName, "--save", "", "--appendonly", "yes",
                 "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"],
                ServerProcess.Terminate),
            "Ready to accept connections", ServerProcess.Terminate, cancellationToken, "redis");
        return new Redis(folder, $"127.0.0.1:{port}", process);
    }

    public void Dispose()
    {
        Process.Dispose();
        _folder.Delete(recursive: true);
    }
}
