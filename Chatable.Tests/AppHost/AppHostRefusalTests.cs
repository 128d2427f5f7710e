using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.AppHost;

/// <summary>What the AppHost prints when it cannot start.</summary>
public sealed class AppHostRefusalTests
{
    [Fact]
    public async Task ATakenPortEndsTheStartWithOneSentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var appHost = await AppHostProcess.StartAsync(home: null, environment: null, "--UseVolumes=false", $"--Api:Port={port}");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.EndsWith(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\nPort {port} is taken by another program: stop that one, or choose another port with --Api:Port."),
            appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SettingsThatCannotBeUsedAreToldBeforeAnythingStarts()
    {
        await using var appHost = await AppHostProcess.StartAsync(
            home: null, environment: null, "--Api:Replicas=0", "--Api:Port=70000", "--Stores=cloud", "--UseVolumes=perhaps");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        Assert.EndsWith(
            """

            Api:Port must be a whole number from 0 to 65535, but is '70000'.
            Api:Replicas must be a whole number from 1 to 100, but is '0'.
            Stores must be containers, processes or auto, but is 'cloud'.
            UseVolumes must be true or false, but is 'perhaps'.
            """, appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MistypedAndEmptySettingsAreToldBeforeAnythingStarts()
    {
        await using var appHost = await AppHostProcess.StartAsync(
            home: null, new Dictionary<string, string> { ["Api__Prot"] = "9000", ["Fanout__BatchSize"] = "100" },
            "--Api:Replcas=2", "--Fanout:BatchSize=5", "--UseVolume=false", "--Fanout:Replicas=");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        foreach (var told in new[]
        {
            "Api:Prot is no setting of the AppHost. The nearest one is Api:Port.",
            "Api:Replcas is no setting of the AppHost. The nearest one is Api:Replicas.",
            "UseVolume is no setting of the AppHost. The nearest one is UseVolumes.",
            "Fanout:Replicas must be a whole number from 1 to 100, but is empty.",
            // The worker gets the variable from the environment, but not from the command line.
            "Fanout:BatchSize is no setting of the AppHost.",
        })
            Assert.Contains(told, appHost.Output, StringComparison.Ordinal);
        Assert.Single(appHost.Output.Split('\n'), line => line.StartsWith("Fanout:BatchSize", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AMissingServerProgramIsToldInOneSentenceWithWhatToInstall()
    {
        using var path = new TestFolder();
        ShellTools.LinkAllBut(path.Path, "redis-server", "valkey-server");
        await using var appHost = await AppHostProcess.StartAsync(
            home: null, new Dictionary<string, string> { ["PATH"] = path.Path }, "--UseVolumes=false", "--Api:Replicas=1");

        await appHost.WaitForAsync(
            """
            redis ended with exit code 1:
              Redis is not on this machine: install it with 'apt-get install redis-server', or run 'make servers'.
            """);
        Assert.DoesNotContain("   at ", appHost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMigrationThatFailsIsToldWithItsReasonAndNothingStartsOnTheOldSchema()
    {
        var nobody = ServerProcess.FreePort();
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__chatdb"] = $"Host=127.0.0.1;Port={nobody};Username=postgres;Password=x;Database=chatdb",
            ["Migrations__StartTimeout"] = "00:00:00",
        };
        await using var appHost = await AppHostProcess.StartAsync(home: null, environment, "--UseVolumes=false", "--Api:Replicas=1");

        await appHost.WaitForAsync("api did not start:");

        Assert.Contains("migrations ended with exit code 1:", appHost.Output, StringComparison.Ordinal);
        Assert.Contains($"Failed to connect to 127.0.0.1:{nobody}", appHost.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(appHost.Left(), process => process.Contains("Chatable.ApiService", StringComparison.Ordinal));
    }
}
