using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.AppHost;

/// <summary>The AppHost as a user runs it: it starts, and leaves behind only what it should.</summary>
public sealed partial class AppHostProcessTests
{
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANormalStartAndStopPrintOneTableAndNothingElse()
    {
        await using var appHost = await AppHostProcess.StartAsync(home: null, environment: null);
        await appHost.WaitUntilUpAsync();
        using var http = new HttpClient();

        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(appHost.AddressOf("API"), "/health"), Cancelled));
        Assert.Contains("<title>Chatable", await http.GetStringAsync(appHost.AddressOf("API reference"), Cancelled), StringComparison.Ordinal);
        // The link logs in; without its token, the page asks for a token.
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
        await using var appHost = await AppHostProcess.StartAsync(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
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
        await using (var first = await AppHostProcess.StartAsync(home, environment: null, "--Api:Replicas=1"))
        {
            await first.WaitUntilUpAsync();
            using var client = new ChatClient(first.AddressOf("API"));
            Assert.Equal(200, (await client.PostAsync("/api/register", ChatClient.RegistrationOf(name), Cancelled)).Status);
        }

        // The control file shows that PostgreSQL was shut down cleanly.
        Assert.Contains("shut down", await ControlDataAsync(Path.Combine(home.Path, "volumes", "chatable-postgres", "data")), StringComparison.Ordinal);
        var secrets = new FileInfo(Path.Combine(home.Path, ".microsoft", "usersecrets", "chatable-apphost", "secrets.json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, secrets.UnixFileMode);
        foreach (var secret in new[] { "postgres-password", "redis-password", "token-secrets-key" })
            Assert.Contains($"\"Parameters:{secret}\"", await File.ReadAllTextAsync(secrets.FullName, Cancelled), StringComparison.Ordinal);

        await using var second = await AppHostProcess.StartAsync(home, environment: null, "--Api:Replicas=1");
        await second.WaitUntilUpAsync();
        using var again = new ChatClient(second.AddressOf("API"));
        var answer = await again.PostAsync("/api/register", ChatClient.RegistrationOf(name), Cancelled);
        Assert.Equal("Some fileds are not unique", answer.ErrorOf("error"));
    }

    [Fact]
    public async Task TwoTopologiesSideBySideServeOnTheirOwnPorts()
    {
        await using var first = await AppHostProcess.StartAsync(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
        await first.WaitUntilUpAsync();
        await using var second = await AppHostProcess.StartAsync(home: null, environment: null, "--UseVolumes=false", "--Api:Replicas=1");
        await second.WaitUntilUpAsync();
        using var http = new HttpClient();

        Assert.NotEqual(first.AddressOf("Dashboard").Port, second.AddressOf("Dashboard").Port);
        foreach (var appHost in new[] { first, second })
            Assert.Equal("Healthy", await http.GetStringAsync(new Uri(appHost.AddressOf("API"), "/health"), Cancelled));

        first.Interrupt();
        Assert.Equal(0, await first.WaitForEndAsync());
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(second.AddressOf("API"), "/health"), Cancelled));
    }

    // …/postgres.sh /tmp/chatable-4711-0a1b2c3d-postgres discard
    private static IEnumerable<string> TemporaryFoldersOf(AppHostProcess appHost) =>
        appHost.Left().Select(process => process.Split(' ')).Where(words => words.Contains("discard"))
            .Select(words => words[Array.IndexOf(words, "discard") - 1]).Distinct();

    private static async Task<string> ControlDataAsync(string data) =>
        (await ProcessRun.OfAsync(InstalledPrograms.Find("pg_controldata"), [data], Cancelled)).Output;

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
