using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Deployment;

/// <summary>
/// The files of <c>make install</c> are valid for systemd and match the topology of the AppHost. The programs run as an unprivileged user
/// but are started by hand, so systemd need not be this machine's init.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class SystemdTests(InstalledUnits installed, PostgresServer postgres) : IClassFixture<InstalledUnits>
{
    /// <summary>
    /// On a scale of 100, where fully locked-down units of systemd reach about 10. The rest: the services use the network, and .NET reads
    /// all of /proc.
    /// </summary>
    private const int MostExposed = 15;

    private static readonly Dictionary<string, string> s_meantToDiffer = new()
    {
        ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "it would trust every proxy; here Http:KnownProxies names the proxy",
        ["ASPNETCORE_URLS"] = "on one machine each service has its own port, on the loopback interface",
        ["HTTP_PORTS"] = "ASPNETCORE_URLS replaces it",
        ["Migrations__StartTimeout"] = "after a reboot the database may start late",
        ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "set by Aspire, for its dashboard",
        ["OTEL_SERVICE_NAME"] = "Aspire sets it when it starts a service, not when it publishes",
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SystemdTakesTheUnitsWithoutAWord()
    {
        var (exitCode, output) = await AnalyzeAsync(["verify", .. Directory.EnumerateFiles(installed.UnitFolder)]);

        Assert.Equal("", output.Trim());
        Assert.Equal(0, exitCode);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("fanout")]
    [InlineData("migrations")]
    public async Task LittleOfTheMachineIsExposedToAService(string service)
    {
        var (exitCode, output) = await AnalyzeAsync(
            ["security", "--no-pager", "--offline=true", $"--threshold={MostExposed}", installed.Unit(service).File]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Overall exposure level", output, StringComparison.Ordinal);
        // No .NET program starts with it. The number above includes that it is off.
        Assert.Empty(installed.Unit(service)["MemoryDenyWriteExecute"]);
    }

    [Fact]
    public async Task ThereAreTheServicesOfTheAppHostInItsOrder()
    {
        var services = await AppHostService.AllAsync(Cancelled);
        var units = services.Select(service => $"chatable-{service.Name}.service").Order().ToList();

        Assert.Equal(units.Append("chatable.target"), Directory.EnumerateFiles(installed.UnitFolder).Select(file => Path.GetFileName(file)!).Order());
        Assert.Equal(units, installed.Target.Units("Wants").Order());
        foreach (var service in services)
        {
            var unit = installed.Unit(service.Name);
            Assert.Equal([service.IsJob ? "oneshot" : "exec"], unit["Type"]);
            Assert.Equal(["chatable.target"], unit["PartOf"]);
            var before = service.StartsAfter.Select(job => $"chatable-{job}.service").ToList();
            Assert.Equal(before, unit.Units("Requires"));
            Assert.Equal(before, unit.Units("After").Where(other => other.StartsWith("chatable-", StringComparison.Ordinal)));
            Assert.All(service.StartsAfter, job => Assert.Contains(unit.Name, installed.Unit(job).Units("Before")));
            Assert.Equal(["30"], unit["TimeoutStopSec"]);
            Assert.Equal(service.IsJob ? [] : ["on-failure"], unit["Restart"]);
        }
    }

    [Fact]
    public async Task EachServiceHasTheSameEnvironmentAndItsSecretsFromAFile()
    {
        var services = await AppHostService.AllAsync(Cancelled);

        AppHostService.HoldEnvironments(services, VariablesOf, s_meantToDiffer);

        var addresses = services.Where(service => !service.IsJob).Select(service => new Uri(installed.Unit(service.Name).Environment["ASPNETCORE_URLS"])).ToList();
        Assert.All(addresses, address => Assert.True(address.IsLoopback));
        Assert.Equal(addresses.Count, addresses.Select(address => address.Port).Distinct().Count());
        Assert.All(services, service =>
        {
            Assert.Equal($"{installed.Settings}/{service.Name}.env", installed.Unit(service.Name).EnvironmentFile);
            // An example lists the names, without values that could be used unchanged.
            var example = SystemdUnit.Variables($"{installed.Settings}/{service.Name}.env.example");
            Assert.All(example, variable => Assert.Matches("(?i)(^|password=)$", variable.Value));
        });
    }

    [Fact]
    public void AnInstallationOverAnEarlierOneReplacesProgramsAndLeavesSettings()
    {
        Assert.False(File.Exists(installed.Stale));
        Assert.Equal("kept", File.ReadAllText(installed.Kept));
        Assert.Equal(["chatable"], Directory.EnumerateDirectories(Path.Combine(installed.Prefix, "lib")).Select(Path.GetFileName).Where(name => name!.StartsWith("chatable", StringComparison.Ordinal)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute, File.GetUnixFileMode(installed.Settings));
        Assert.All(
            Directory.EnumerateFiles(installed.Settings, "*.example"),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file)));
        // A package's units name the folder it will be unpacked to.
        Assert.Equal("ExecStart=/usr/lib/chatable/api/Chatable.ApiService", installed.Packaged["chatable-api.service"].Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal)));
        Assert.Contains("EnvironmentFile=/etc/chatable/api.env\n", installed.Packaged["chatable-api.service"], StringComparison.Ordinal);
        Assert.DoesNotContain(installed.Packaged.Values, unit => unit.Contains(Path.GetTempPath(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("PREFIX=usr", "install: PREFIX must be an absolute path, but is 'usr'.")]
    [InlineData("PREFIX=/with space", "install: PREFIX must have only letters, digits and /._+- in it, but is '/with space'.")]
    [InlineData("DESTDIR=stage", "install: DESTDIR must be an absolute path or empty, but is 'stage'.")]
    public async Task APathThatCannotBeUsedIsToldBeforeAnythingIsBuilt(string argument, string told)
    {
        var (exitCode, output) = await InstalledUnits.MakeAsync("install", argument);

        Assert.Equal(2, exitCode);
        Assert.Equal(told, output.Split('\n')[0]);
    }

    [Fact]
    public async Task ACallThatTheUnitsRefuseIsRefused()
    {
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, "own");
        await File.WriteAllTextAsync(file, "", Cancelled);
        string[] command = ["sh", "-c", $"chown $(id -u) '{file}'"];

        Assert.Equal(0, await RunAsync(command));
        foreach (var service in (string[])["api", "fanout", "migrations"])
            Assert.Equal(1, await RunAsync([.. await SystemCalls.StarterAsync(installed.Unit(service), folder.Path, Cancelled), "/bin/" + command[0], .. command[1..]]));
    }

    /// <summary>
    /// As systemd starts them: with only the unit's environment, only its allowed system calls, and settings that only root can read.
    /// </summary>
    [Fact]
    public async Task TheProgramsMigrateServeAndEndWithZeroAsAUserWithoutRights()
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        var (role, password) = ($"units_{Guid.NewGuid():N}", $"{Guid.NewGuid():N}");
        await AddRedisUserAsync(redis.ConnectionString, password);
        var owner = await postgres.CreateDatabaseAsync(Cancelled);
        var service = new NpgsqlConnectionStringBuilder(owner) { Username = role, Password = password }.ConnectionString;
        var (apiPort, workerPort) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        (string, string) redisConnection = ("ConnectionStrings__redis", $"{redis.ConnectionString},user=chatable,password={password}");
        await SetAsync("migrations", ("ConnectionStrings__chatdb", owner), ("Migrations__ServicePassword", password), ("Migrations__ServiceRole", role));
        await SetAsync("fanout", ("ConnectionStrings__chatdb", service), redisConnection, ("ASPNETCORE_URLS", $"http://127.0.0.1:{workerPort}"));
        await SetAsync(
            "api", ("ConnectionStrings__chatdb", service), redisConnection, ("ASPNETCORE_URLS", $"http://127.0.0.1:{apiPort}"),
            ("TokenSecrets__Key", $"{Guid.NewGuid():N}"));

        using var folder = new TestFolder();
        using var migrations = await StartAsync("migrations", folder, $"The services' role {role} is ready");
        Assert.Equal(0, await migrations.WaitForExitAsync(Cancelled));
        using var worker = await StartAsync("fanout", folder, "Application started");
        using var api = await StartAsync("api", folder, "Application started");
        foreach (var port in new[] { workerPort, apiPort })
            await IsHealthyAsync(port);
        await TalkAsync(new Uri($"http://127.0.0.1:{apiPort}"));

        foreach (var process in new[] { api, worker })
        {
            Signals.Send(process.Id, Signals.Terminate);
            // The unit's stop timeout.
            Assert.Equal(0, await process.WaitForExitAsync(Cancelled).WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        }
    }

    [Fact]
    public async Task WhatIsUninstalledLeavesOnlySettings()
    {
        using var folder = new TestFolder();
        var (prefix, settings) = (Path.Combine(folder.Path, "usr"), Path.Combine(folder.Path, "etc"));
        CopyOf(installed.Prefix, prefix);
        CopyOf(Path.GetDirectoryName(installed.Settings)!, settings);

        var (exitCode, output) = await InstalledUnits.MakeAsync("uninstall", $"PREFIX={prefix}", $"SYSCONFDIR={settings}");

        Assert.True(exitCode == 0, output);
        Assert.Empty(Directory.EnumerateFiles(prefix, "*", SearchOption.AllDirectories));
        Assert.Contains(Path.Combine(settings, "chatable", "kept.env"), Directory.EnumerateFiles(settings, "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(settings, "*.example", SearchOption.AllDirectories));
        Assert.Contains($"left {settings}/chatable: what is in it is yours", output, StringComparison.Ordinal);

        // Again, when nothing is left to remove.
        Assert.Equal(0, (await InstalledUnits.MakeAsync("uninstall", $"PREFIX={prefix}", $"SYSCONFDIR={settings}")).ExitCode);
    }

    // Secrets are the values that the example leaves empty.
    private Dictionary<string, string?> VariablesOf(string service)
    {
        var variables = installed.Unit(service).Environment.ToDictionary(variable => variable.Key, variable => (string?)variable.Value);
        foreach (var name in SystemdUnit.Variables($"{installed.Settings}/{service}.env.example").Keys)
            variables[name] = null;
        return variables;
    }

    // Fills in the example.
    private async Task SetAsync(string service, params (string Name, string Value)[] values)
    {
        var file = installed.Unit(service).EnvironmentFile;
        var names = values.Select(value => value.Name).ToList();
        Assert.Subset(names.ToHashSet(), SystemdUnit.Variables($"{file}.example").Keys.ToHashSet());
        await File.WriteAllLinesAsync(file, values.Select(value => $"{value.Name}={value.Value}"), Cancelled);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    private async Task<ServerProcess> StartAsync(string service, TestFolder folder, string readyText)
    {
        var unit = installed.Unit(service);
        string[] command = [.. await SystemCalls.StarterAsync(unit, folder.Path, Cancelled), unit.Program];
        var start = ServerAccount.StartInfo(command[0], command[1..], "KILL");
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        // The .NET installation of this machine.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        foreach (var (name, value) in unit.Environment.Concat(SystemdUnit.Variables(unit.EnvironmentFile)))
            start.Environment[name] = value;
        start.WorkingDirectory = "/";
        return await ServerProcess.StartAsync(start, readyText, ServerProcess.Terminate, Cancelled);
    }

    private static async Task<int> RunAsync(string[] command) => (await ProcessRun.OfAsync(command[0], command[1..], Cancelled)).ExitCode;

    private static async Task IsHealthyAsync(int port)
    {
        using var http = new HttpClient();
        var said = "nothing";
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await http.GetAsync($"http://127.0.0.1:{port}/health", Cancelled);
                return (said = await answer.Content.ReadAsStringAsync(Cancelled)) == "Healthy";
            },
            $"/health says Healthy; it says {said}", Cancelled);
    }

    private static async Task TalkAsync(Uri api)
    {
        using var client = new ChatClient(api);
        var (bob, alice) = (await client.RegisterAsync(Cancelled), await client.RegisterAsync(Cancelled));
        await using var bobs = await ChatSocket.ConnectAsync(api, bob.Token, Cancelled);
        await using var alices = await ChatSocket.ConnectAsync(api, alice.Token, Cancelled);
        await bobs.SendAsync(alice, "hello", Cancelled);
        Assert.Equal("hello", (await alices.ReceiveAsync(Cancelled)).Text("message"));
    }

    // As docs/security.md describes.
    private static async Task AddRedisUserAsync(string connectionString, string password)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{connectionString},allowAdmin=true");
        await redis.GetDatabase().ExecuteAsync("ACL", "SETUSER", "chatable", "on", $">{password}", "~*", "&*", "+@all", "-@dangerous", "+info");
    }

    private static void CopyOf(string folder, string copy)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static async Task<(int ExitCode, string Output)> AnalyzeAsync(IEnumerable<string> arguments)
    {
        var run = await ProcessRun.OfAsync(InstalledPrograms.Find("systemd-analyze"), arguments, Cancelled);
        return (run.ExitCode, run.Text);
    }
}
