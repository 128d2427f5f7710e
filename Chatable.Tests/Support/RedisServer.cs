[assembly: AssemblyFixture(typeof(Chatable.Tests.Support.RedisServer))]

namespace Chatable.Tests.Support;

/// <summary>
/// A Redis for the test run. A test that stops, empties or fills Redis creates its own: <c>await using var redis = new RedisServer();</c>
/// and <see cref="InitializeAsync"/>.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    private DirectoryInfo? _folder;
    private ServerProcess? _server;
    private string? _connectionString;

    /// <summary>Additional arguments, such as <c>--cluster-enabled yes</c>.</summary>
    internal string[] MoreSettings { get; init; } = [];

    /// <summary>The authority of its certificate. If set, it has only a TLS port.</summary>
    internal TestAuthority? Tls { get; init; }

    public string ConnectionString => _connectionString ?? throw new InvalidOperationException("The server has not been started.");

    public async ValueTask InitializeAsync()
    {
        // Redis does not run there, and the tests that run there do not need it.
        if (OperatingSystem.IsWindows())
            return;

        var cancellationToken = TestContext.Current.CancellationToken;
        _folder = await ServerAccount.CreateFolderAsync("chatable-redis-", cancellationToken);
        for (var attempt = 1; _connectionString is null; attempt++)
        {
            var port = ServerProcess.FreePort();
            try
            {
                _server = await StartAsync(port, cancellationToken);
                _connectionString = $"127.0.0.1:{port}";
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                // Most likely another program took the port in the meantime.
            }
        }
    }

    /// <summary>Kills it and starts an empty one on the same port.</summary>
    public async Task ReplaceAsync(CancellationToken cancellationToken)
    {
        using (var process = System.Diagnostics.Process.GetProcessById(_server!.Id))
        {
            process.Kill();
            await process.WaitForExitAsync(cancellationToken);
        }

        _server.Dispose();
        _server = await StartAsync(int.Parse(ConnectionString.Split(':')[1]), cancellationToken);
    }

    private Task<ServerProcess> StartAsync(int port, CancellationToken cancellationToken) => ServerProcess.StartAsync(
        InstalledPrograms.FindRedis(),
        ["--bind", "127.0.0.1", .. PortSettings(port), "--dir", _folder!.FullName, "--save", "", "--maxmemory-policy", "noeviction",
            .. MoreSettings],
        "Ready to accept connections", ServerProcess.Terminate, cancellationToken);

    private string[] PortSettings(int port) => Tls is null
        ? ["--port", $"{port}"]
        : ["--port", "0", "--tls-port", $"{port}", "--tls-cert-file", Tls.Certificate, "--tls-key-file", Tls.Key,
            "--tls-ca-cert-file", Tls.Root, "--tls-auth-clients", "no"];

    public ValueTask DisposeAsync()
    {
        // A test may stop it early, and again at its end.
        _server?.Dispose();
        _folder?.Delete(recursive: true);
        (_server, _folder) = (null, null);
        return ValueTask.CompletedTask;
    }
}
