using System.Net;
using System.Net.Sockets;

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

        appHost.Interrupt();
        var exitCode = await appHost.WaitForEndAsync();

        Assert.True(exitCode == 0, appHost.Output);
        Assert.All(appHost.Processes.Values, processId => Assert.False(ChildProcess.IsAlive(processId)));
        Assert.Contains("database system is shut down", appHost.Output, StringComparison.Ordinal);
        var secrets = new FileInfo(Path.Combine(appHost.Home, ".microsoft", "usersecrets", "chatable-apphost", "secrets.json"));
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
