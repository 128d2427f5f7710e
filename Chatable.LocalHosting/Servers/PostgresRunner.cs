using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>Runs a PostgreSQL server on the loopback address.</summary>
internal sealed class PostgresRunner(PostgresServerResource server, EngineOptions options) : IRunner
{
    private const int LeastVersion = 15;

    // Sorts by code point and knows every letter's lower case, on every Linux alike; elsewhere the user's own locale has to do.
    private static readonly string[] s_locale = OperatingSystem.IsLinux() ? ["--locale", "C.UTF-8"] : [];

    private DataFolder? _folder;
    private string _programs = "";

    private string Data => Path.Combine(_folder!.Path, "data");

    public async Task<ProcessSpec> PrepareAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        _programs = ServerPrograms.FindPostgresFolder();
        await ServerVersion.RequireAsync("PostgreSQL", ServerPrograms.Program(_programs, "postgres"), LeastVersion, cancellationToken);
        _folder ??= await DataFolder.OpenAsync(server, options, cancellationToken);
        var versionFile = Path.Combine(Data, "PG_VERSION");
        if (!File.Exists(versionFile))
            await InitialiseAsync(cancellationToken);
        else if ((await File.ReadAllTextAsync(versionFile, cancellationToken)).Trim() is var version)
            _programs = ServerPrograms.FindPostgresFolder(version);
        await WaitForPredecessorAsync(cancellationToken);

        return new(ServerPrograms.Program(_programs, "postgres"), [
            "-D", Data,
            "-c", "listen_addresses=127.0.0.1", "-c", string.Create(CultureInfo.InvariantCulture, $"port={server.Port}"),
            "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "fsync=on",
            "-c", "shared_buffers=128MB", "-c", "max_wal_size=1GB",
            // What people write must not reach the console: neither rows ("Failing row contains ...") nor statements.
            "-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic"])
        {
            WorkingDirectory = _folder.Path,
            AsServerAccount = true,
            // "Fast" shutdown: sessions are broken off, data is written out.
            StopSignal = Signal.Int,
            ParentDeathSignal = Signal.Int,
        };
    }

    public Task<bool> IsHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
        PostgresPing.SendAsync(ServerResource.Host, server.Port, cancellationToken);

    /// <summary>Creates a database where it is missing.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        // \gexec executes what the query returned: CREATE DATABASE knows no IF NOT EXISTS.
        var literal = $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
        var script = $"""
            SELECT format('CREATE DATABASE %I', {literal}) WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal}) \gexec

            """;
        var psql = new ProcessSpec(ServerPrograms.Program(_programs, "psql"), [
            "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-h", ServerResource.Host, "-U", PostgresServerResource.UserName, "-d", "postgres",
            "-p", server.Port.ToString(CultureInfo.InvariantCulture)])
        {
            Environment = new Dictionary<string, string> { ["PGPASSWORD"] = (await server.Password.GetValueAsync(cancellationToken))! },
            StandardInput = script,
        };
        var (exitCode, output) = await ChildProcess.RunAsync(psql, cancellationToken);
        if (exitCode != 0)
            throw new DistributedApplicationException($"The database '{name}' cannot be created on '{server.Name}': {output}");
    }

    public void CleanUp() => _folder?.Dispose();

    // Made under another name and renamed when complete and on disk: an interrupted initialisation is never taken for a database.
    private async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        var unfinished = $"{Data}.unfinished";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        var passwordFile = Path.Combine(_folder!.Path, "password");
        await WritePasswordAsync(passwordFile, cancellationToken);
        try
        {
            await InitdbAsync(
                ["--no-sync", "--username", PostgresServerResource.UserName, "--pwfile", passwordFile, "--auth", "scram-sha-256",
                 "--encoding", "UTF8", .. s_locale, unfinished], cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }

        if (!_folder.IsTemporary)
            await InitdbAsync(["--sync-only", unfinished], cancellationToken);
        Directory.Move(unfinished, Data);
    }

    private async Task InitdbAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var spec = new ProcessSpec(ServerPrograms.Program(_programs, "initdb"), arguments)
        {
            WorkingDirectory = _folder!.Path,
            AsServerAccount = true,
        };
        var (exitCode, output) = await ChildProcess.RunAsync(spec, cancellationToken);
        if (exitCode != 0)
            throw new DistributedApplicationException($"The data folder of '{server.Name}' cannot be initialised: {output}");
    }

    private async Task WritePasswordAsync(string path, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var writer = new StreamWriter(path, file))
            await writer.WriteLineAsync((await server.Password.GetValueAsync(cancellationToken)).AsMemory(), cancellationToken);
        await ServerAccount.OwnAsync(path, cancellationToken);
    }

    // The server of an engine that was killed is shutting down on its own; it removes this file last.
    private async Task WaitForPredecessorAsync(CancellationToken cancellationToken)
    {
        var pidFile = Path.Combine(Data, "postmaster.pid");
        for (var waited = 0; waited < 50 && File.Exists(pidFile) && await IsHeldAsync(pidFile, cancellationToken); waited++)
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
    }

    // The first line is the process id.
    private static async Task<bool> IsHeldAsync(string pidFile, CancellationToken cancellationToken)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(pidFile, cancellationToken);
            return lines.Length > 0 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var id) && ChildProcess.IsAlive(id);
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }
}
