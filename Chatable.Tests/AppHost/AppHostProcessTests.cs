using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.AppHost;

/// <summary>The AppHost as a person runs it.</summary>
public sealed partial class AppHostProcessTests
{
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANormalStartAndStopPrintOneTableAndNothingElse()
    {
        await using var appHost = new AppHostProcess(home: null, environment: null);
        await appHost.WaitUntilUpAsync();
        using var http = new HttpClient();

        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(appHost.AddressOf("API"), "/health"), Cancelled));
        Assert.Contains("<title>Chatable", await http.GetStringAsync(appHost.AddressOf("API reference"), Cancelled), StringComparison.Ordinal);
        // The link logs in: without its token there is only the page that asks for one.
        var page = await http.GetAsync(appHost.AddressOf("Dashboard"), Cancelled);
        Assert.DoesNotContain("login", page.RequestMessage!.RequestUri!.AbsolutePath, StringComparison.Ordinal);

        appHost.Interrupt();
        Assert.Equal(0, await appHost.WaitForEndAsync());

        Assert.Matches(WholeOutput(), appHost.Output);
    }

    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    [InlineData(Signals.Kill)]
    public async Task HoweverTheAppHostEndsNothingIsLeftHalfAMinuteLater(int signal)
    {
        await using var appHost = new AppHostProcess(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
        await appHost.WaitUntilUpAsync();
        var folders = TemporaryFoldersOf(appHost).ToList();
        Assert.Equal(2, folders.Count);

        Signals.Send(appHost.AppHostId, signal);

        await Eventually.HoldsAsync(
            () => Task.FromResult(!appHost.Left().Any()), $"nothing is left, but there is: {string.Join(", ", appHost.Left())}", Cancelled, s_cleanUp);
        Assert.All(folders, folder => Assert.False(Directory.Exists(folder)));
    }

    [Fact]
    public async Task TheNextRunOpensItsDataWithTheKeptPasswordsAndFindsWhatWasThere()
    {
        using var home = new TestFolder();
        var name = ChatClient.NewName();
        await using (var first = new AppHostProcess(home, environment: null, "--Api:Replicas=1"))
        {
            await first.WaitUntilUpAsync();
            using var client = new ChatClient(first.AddressOf("API"));
            Assert.Equal(200, (await client.PostAsync("/api/register", ChatClient.RegistrationOf(name), Cancelled)).Status);
        }

        // PostgreSQL was told to end in good order: its control file says so.
        Assert.Contains("shut down", await ControlDataAsync(Path.Combine(home.Path, "volumes", "chatable-postgres", "data")), StringComparison.Ordinal);
        var secrets = new FileInfo(Path.Combine(home.Path, ".microsoft", "usersecrets", "chatable-apphost", "secrets.json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, secrets.UnixFileMode);
        foreach (var secret in new[] { "postgres-password", "redis-password", "token-secrets-key" })
            Assert.Contains($"\"Parameters:{secret}\"", await File.ReadAllTextAsync(secrets.FullName, Cancelled), StringComparison.Ordinal);

        await using var second = new AppHostProcess(home, environment: null, "--Api:Replicas=1");
        await second.WaitUntilUpAsync();
        using var again = new ChatClient(second.AddressOf("API"));
        var answer = await again.PostAsync("/api/register", ChatClient.RegistrationOf(name), Cancelled);
        Assert.Equal("Some fileds are not unique", answer.ErrorOf("error"));
    }

    [Fact]
    public async Task TwoTopologiesSideBySideServeOnTheirOwnPorts()
    {
        await using var first = new AppHostProcess(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
        await first.WaitUntilUpAsync();
        await using var second = new AppHostProcess(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
        await second.WaitUntilUpAsync();
        using var http = new HttpClient();

        Assert.NotEqual(first.AddressOf("Dashboard").Port, second.AddressOf("Dashboard").Port);
        foreach (var appHost in new[] { first, second })
            Assert.Equal("Healthy", await http.GetStringAsync(new Uri(appHost.AddressOf("API"), "/health"), Cancelled));

        first.Interrupt();
        Assert.Equal(0, await first.WaitForEndAsync());
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(second.AddressOf("API"), "/health"), Cancelled));
    }

    [Fact]
    public async Task ATakenPortEndsTheStartWithOneSentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var appHost = new AppHostProcess(home: null, environment: null, "--UseVolumes=false", $"--Api:Port={port}");

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
        await using var appHost = new AppHostProcess(
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
        await using var appHost = new AppHostProcess(
            home: null, new Dictionary<string, string> { ["Api__Prot"] = "9000", ["Fanout__BatchSize"] = "100" },
            "--Api:Replcas=2", "--Fanout:BatchSize=5", "--UseVolume=false", "--Fanout:Replicas=");

        Assert.Equal(1, await appHost.WaitForEndAsync());
        foreach (var told in new[]
        {
            "Api:Prot is no setting of the AppHost. The nearest one is Api:Port.",
            "Api:Replcas is no setting of the AppHost. The nearest one is Api:Replicas.",
            "UseVolume is no setting of the AppHost. The nearest one is UseVolumes.",
            "Fanout:Replicas must be a whole number from 1 to 100, but is empty.",
            // The environment hands it down to the worker; the command line does not.
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
        await using var appHost = new AppHostProcess(
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
        await using var appHost = new AppHostProcess(home: null, environment, "--UseVolumes=false", "--Api:Replicas=1");

        await appHost.WaitForAsync("api did not start:");

        Assert.Contains("migrations ended with exit code 1:", appHost.Output, StringComparison.Ordinal);
        Assert.Contains($"Failed to connect to 127.0.0.1:{nobody}", appHost.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(appHost.Left(), process => process.Contains("Chatable.ApiService", StringComparison.Ordinal));
    }

    // …/postgres.sh /tmp/chatable-4711-0a1b2c3d-postgres discard
    private static IEnumerable<string> TemporaryFoldersOf(AppHostProcess appHost) =>
        appHost.Left().Select(process => process.Split(' ')).Where(words => words.Contains("discard"))
            .Select(words => words[Array.IndexOf(words, "discard") - 1]).Distinct();

    private static async Task<string> ControlDataAsync(string data)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(InstalledPrograms.Find("pg_controldata"), [data]) { RedirectStandardOutput = true })!;
        return await process.StandardOutput.ReadToEndAsync(Cancelled);
    }

    [GeneratedRegex("""
        ^Using launch settings from \S+
        Everything is up after \d+\.\d s\.
          API            http://localhost:\d+
          API reference  http://localhost:\d+/scalar
          Dashboard      http://localhost:\d+/login\?t=\w+
        Ctrl\+C stops it\.
        Stopping everything\.$
        """)]
    private static partial Regex WholeOutput();
}
