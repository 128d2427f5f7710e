using System.Security.Cryptography;
using Npgsql;

[assembly: AssemblyFixture(typeof(Chatable.Tests.Support.PostgresServer))]

namespace Chatable.Tests.Support;

/// <summary>
/// A PostgreSQL cluster for the test run, started by the first test that needs a database and removed after the run. Each test gets its own
/// database, so tests share nothing.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Template = "migrated";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private DirectoryInfo? _folder;
    private ServerProcess? _server;
    private string? _administration;
    private bool _hasTemplate;
    private int _databases;

    /// <summary>
    /// Settings such as <c>shared_preload_libraries=pg_stat_statements</c>, added to the default ones or overriding them.
    /// </summary>
    internal string[] MoreSettings { get; init; } = [];

    /// <summary>The authority of its certificate. If set, it accepts only TLS.</summary>
    internal TestAuthority? Tls { get; init; }

    /// <summary>A new, empty database.</summary>
    /// <returns>Its connection string, including the password.</returns>
    public Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => CreateDatabaseAsync("template1", cancellationToken);

    /// <summary>A new database with the schema of this build.</summary>
    /// <returns>Its connection string, including the password.</returns>
    public async Task<string> CreateMigratedDatabaseAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var server = await StartedAsync(cancellationToken);
            if (!_hasTemplate)
            {
                // Without a pool, because a template with open connections cannot be copied.
                var template = new NpgsqlConnectionStringBuilder(For(server, Template)) { Pooling = false }.ConnectionString;
                await MigrationRun.ApplyAsync(template, scripts: null, cancellationToken);
                _hasTemplate = true;
            }
        }
        finally
        {
            _gate.Release();
        }
        return await CreateDatabaseAsync(Template, cancellationToken);
    }

    /// <summary>A new, empty database in which I and i are different letters.</summary>
    /// <returns>Its connection string, including the password.</returns>
    public Task<string> CreateTurkishDatabaseAsync(CancellationToken cancellationToken) =>
        CreateDatabaseAsync("template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'", cancellationToken);

    /// <summary>The connection string of a database that does not exist.</summary>
    public async Task<string> NameMissingDatabaseAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return For(await StartedAsync(cancellationToken), NextName());
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string> CreateDatabaseAsync(string template, CancellationToken cancellationToken)
    {
        // One at a time: a template must not be in use, not even briefly by another copy.
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var server = await StartedAsync(cancellationToken);
            var name = NextName();
            await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {template}", cancellationToken);
            return For(server, name);
        }
        finally
        {
            _gate.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        _server?.Dispose();
        _folder?.Delete(recursive: true);
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    private string NextName() => $"test_{++_databases}";

    private static string For(string administration, string database) =>
        new NpgsqlConnectionStringBuilder(administration) { Database = database, Pooling = true, MaxPoolSize = 20 }.ConnectionString;

    private static async Task ExecuteAsync(string connectionString, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<string> StartedAsync(CancellationToken cancellationToken)
    {
        if (_administration is not null)
            return _administration;
        _folder ??= await InitializeClusterAsync(cancellationToken);
        var port = await StartAsync(Path.Combine(_folder.FullName, "data"), cancellationToken);
        return _administration = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "postgres",
            Password = _password,
            Database = "postgres",
            Pooling = false,
        }.ConnectionString;
    }

    private async Task<DirectoryInfo> InitializeClusterAsync(CancellationToken cancellationToken)
    {
        var folder = await ServerAccount.CreateFolderAsync("chatable-postgres-", cancellationToken);
        var passwordFile = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, _password, cancellationToken);
        await ServerAccount.RunAsync(
            InstalledPrograms.Find("initdb"),
            ["-D", Path.Combine(folder.FullName, "data"), "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={passwordFile}",
             "-E", "UTF8", "--locale=C", "--no-sync"],
            cancellationToken);
        if (Tls is not null)
        {
            var rules = Path.Combine(folder.FullName, "data", "pg_hba.conf");
            await File.WriteAllTextAsync(rules, "hostssl all all 127.0.0.1/32 scram-sha-256\n", cancellationToken);
        }

        return folder;
    }

    private async Task<int> StartAsync(string data, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = ServerProcess.FreePort();
            try
            {
                // Commits need to survive a crash of the server, but not of the machine, so fsync is off.
                string[] settings = ["listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", "max_connections=400",
                    "shared_buffers=64MB", "fsync=off", "full_page_writes=off",
                    .. Tls is null ? (string[])[] : ["ssl=on", $"ssl_cert_file={Tls.Certificate}", $"ssl_key_file={Tls.Key}"],
                    .. MoreSettings];
                _server = await ServerProcess.StartAsync(
                    InstalledPrograms.Find("postgres"), ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })],
                    "ready to accept connections", ServerProcess.Interrupt, cancellationToken);
                return port;
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                // Most likely another program took the port in the meantime.
            }
        }
    }
}
