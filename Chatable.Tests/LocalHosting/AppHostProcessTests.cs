using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;

namespace Chatable.Tests.LocalHosting;

/// <summary>The AppHost as a person runs it.</summary>
public sealed class AppHostProcessTests
{
    // The migration has run and gone when everything is up.
    private static readonly string[] s_everything = ["api", "api", "api", "fanout", "migrations", "postgres", "redis"];
    private static readonly Dictionary<string, string> s_ordinary = [];

    [Fact]
    public async Task NoProcessSurvivesAnAppHostThatWasKilled()
    {
        await using var appHost = new AppHostProcess(s_ordinary, "--Api:Port=0");
        await appHost.WaitUntilUpAsync();
        Assert.Equal(s_everything, appHost.Processes.Keys.Select(id => id.Split('-')[0]).Order(StringComparer.Ordinal));

        appHost.Kill();
        await appHost.WaitForEndAsync();

        await LocalTopology.WaitUntilGoneAsync(appHost.Processes.Values);
    }

    [Fact]
    public async Task AnInterruptStopsEverythingInOrderAndKeepsTheSecretsForTheNextRun()
    {
        await using var appHost = new AppHostProcess(s_ordinary, "--Api:Port=0");
        await appHost.WaitUntilUpAsync();
        var connection = new FileInfo(Path.Combine(appHost.Home, "volumes", ".connections", "redis"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, connection.UnixFileMode);
        var redis = await File.ReadAllTextAsync(connection.FullName);
        Assert.Equal(0, (await DlqProcess.RunAsync(redis, "", "list", CancellationToken.None)).ExitCode);

        appHost.Interrupt();
        var exitCode = await appHost.WaitForEndAsync();
        Assert.False(File.Exists(connection.FullName));

        Assert.True(exitCode == 0, appHost.Output);
        Assert.All(appHost.Processes.Values, processId => Assert.False(ChildProcess.IsAlive(processId)));
        Assert.Contains("database system is shut down", appHost.Output, StringComparison.Ordinal);
        // The stores are there until the last who uses them has gone.
        var lines = appHost.Output.Split('\n').ToList();
        Assert.InRange(
            lines.FindLastIndex(line => Regex.IsMatch(line, "^(api|fanout)-[a-z]{8} +: Finished$")),
            0,
            lines.FindIndex(line => Regex.IsMatch(line, "^(postgres|redis)-[a-z]{8} +: Stopping$")));
        var secrets = new FileInfo(appHost.SecretsFile);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, secrets.UnixFileMode);
        foreach (var name in new[] { "postgres-password", "redis-password", "token-secrets-key" })
            Assert.Contains($"\"Parameters:{name}\"", await File.ReadAllTextAsync(secrets.FullName), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATakenPortEndsTheStartWithOneSentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var appHost = new AppHostProcess(s_ordinary, "--UseVolumes=false", $"--Api:Port={port}");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.Contains(
            $"Port {port}, which 'api' wants for its endpoint 'http', is taken by another program.",
            appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingServerProgramEndsTheStartWithWhatToInstall()
    {
        // Everything the engine itself needs, and no redis-server.
        using var path = new TestFolder();
        foreach (var program in new[] { "setpriv", "setsid", "chown" })
            File.CreateSymbolicLink(Path.Combine(path.Path, program), ProgramPath.Find(program)!);
        var environment = new Dictionary<string, string> { ["PATH"] = path.Path };
        await using var appHost = new AppHostProcess(environment, "--UseVolumes=false", "--Api:Port=0");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.Contains(
            "The program 'redis-server' was not found: install it with 'apt-get install postgresql redis-server' (or run 'make local').",
            appHost.Output, StringComparison.Ordinal);
    }

    // Valkey's program is taken where Redis' is not there, which this shows too.
    [Theory]
    [InlineData("redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")]
    [InlineData("valkey-server", "Valkey server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")]
    public async Task ARedisThatIsTooOldEndsTheStartWithOneSentence(string name, string version)
    {
        using var path = new TestFolder();
        foreach (var program in new[] { "setpriv", "setsid", "chown" })
            File.CreateSymbolicLink(Path.Combine(path.Path, program), ProgramPath.Find(program)!);
        var old = Path.Combine(path.Path, name);
        await File.WriteAllTextAsync(old, $"#!/bin/sh\necho '{version}'\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(old, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var environment = new Dictionary<string, string> { ["PATH"] = path.Path };
        await using var appHost = new AppHostProcess(environment, "--UseVolumes=false", "--Api:Port=0");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.Contains(
            $"Redis 7 or later is needed, but '{old}' is version 6.2.14: install a newer one.", appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnreadableSecretsEndTheStartWithOneSentence()
    {
        using var home = new TestFolder();
        var secrets = Path.Combine(home.Path, ".microsoft", "usersecrets", "chatable-apphost", "secrets.json");
        Directory.CreateDirectory(Path.GetDirectoryName(secrets)!);
        await File.WriteAllTextAsync(secrets, "{ not json");
        await using var appHost = new AppHostProcess(home, s_ordinary, "--Api:Port=0");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.StartsWith($"The user secrets '{secrets}' cannot be read: ", appHost.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMigrationThatFailsEndsTheStartWithItsReason()
    {
        var nobody = FreePorts.Take();
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__chatdb"] = $"Host=127.0.0.1;Port={nobody};Username=postgres;Password=x;Database=chatdb",
            ["Migrations__StartTimeout"] = "00:00:00",
        };
        await using var appHost = new AppHostProcess(environment, "--UseVolumes=false", "--Api:Port=0");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.Contains($"Failed to connect to 127.0.0.1:{nobody}", appHost.Output, StringComparison.Ordinal);
        Assert.Contains(
            "It waits for 'migrations', which failed. It ended by itself with exit code 1.", appHost.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(appHost.Processes.Keys, id => id.StartsWith("api-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheNextRunOpensItsVolumesWithTheKeptPasswordsAndFindsItsData()
    {
        using var home = new TestFolder();
        await using (var first = new AppHostProcess(home, s_ordinary, "--Api:Port=0", "--Api:Replicas=1"))
        {
            await first.WaitUntilUpAsync();
            await Sql.ExecuteAsync(first.Database, "CREATE TABLE kept AS SELECT 42 AS value", CancellationToken.None);
            first.Interrupt();
            Assert.Equal(0, await first.WaitForEndAsync());
        }

        await using var second = new AppHostProcess(home, s_ordinary, "--Api:Port=0", "--Api:Replicas=1");
        await second.WaitUntilUpAsync();

        Assert.Equal([42], await Sql.QueryAsync<int>(second.Database, "SELECT value FROM kept", CancellationToken.None));
    }

    [Fact]
    public async Task TwoAppHostsSideBySideServeOnTheirOwnPorts()
    {
        int[] ports = [FreePorts.Take(), FreePorts.Take()];
        await using var first = new AppHostProcess(s_ordinary, "--UseVolumes=false", $"--Api:Port={ports[0]}", "--Api:Replicas=1");
        await using var second = new AppHostProcess(s_ordinary, "--UseVolumes=false", $"--Api:Port={ports[1]}", "--Api:Replicas=1");
        await first.WaitUntilUpAsync();
        await second.WaitUntilUpAsync();
        using var http = new HttpClient();

        // The API's one replica and the worker, each at the address its line on the console names.
        Assert.Equal(2, first.Addresses.Count());
        foreach (var address in first.Addresses)
            Assert.Equal("Healthy", await http.GetStringAsync(new Uri(address, "/alive"), LocalTopology.Timeout));
        foreach (var port in ports)
            Assert.Equal("Healthy", await http.GetStringAsync(new Uri($"http://localhost:{port}/health"), LocalTopology.Timeout));

        first.Interrupt();
        Assert.Equal(0, await first.WaitForEndAsync());
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri($"http://localhost:{ports[1]}/health"), LocalTopology.Timeout));
    }

    [Fact]
    public async Task SettingsThatCannotBeUsedAreToldBeforeAnythingStarts()
    {
        await using var appHost = new AppHostProcess(s_ordinary, "--Api:Replicas=0", "--Api:Port=70000");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.Equal(
            """
            Api:Port must be a whole number from 0 to 65535, but is '70000'.
            Api:Replicas must be a whole number from 1 to 100, but is '0'.
            """, appHost.Output);
    }
}
