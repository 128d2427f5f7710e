using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.AppHost;

/// <summary><c>dotnet run --project Chatable.AppHost</c>, as a user runs it, in its own session, with its own home and data.</summary>
internal sealed partial class AppHostProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly string _marker = $"CHATABLE_TEST_RUN={Guid.NewGuid():N}";
    private readonly TestFolder? _ownHome;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly IDisposable _turn;
    private HashSet<int> _started = [];

    private AppHostProcess(IDisposable turn, TestFolder? home, IReadOnlyDictionary<string, string>? environment, string[] arguments)
    {
        _turn = turn;
        Home = (home ?? (_ownHome = new TestFolder())).Path;
        var configuration = typeof(AppHostProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        // Background jobs of a shell ignore SIGINT, and so do their children. The tests may be such a job; the AppHost must not be.
        var info = new ProcessStartInfo("setsid",
        [
            "env", "--default-signal=INT", "dotnet", "run", "--no-build", "-c", configuration, "--launch-profile", "http",
            "--project", Path.Combine(Repository.Root, "Chatable.AppHost"), "--",
            "--Stores=processes", "--Api:Port=0", $"--DataFolder={Home}/volumes", .. arguments,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Reuses only the packages of the user's home: downloading them would take longer than the tests.
        info.Environment["NUGET_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        info.Environment["HOME"] = Home;
        // Otherwise it asks the package registry for a newer Aspire, once for each new home.
        info.Environment["ASPIRE_VERSION_CHECK_DISABLED"] = "true";
        info.Environment[_marker.Split('=')[0]] = _marker.Split('=')[1];
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, e) => Note(e.Data);
        _process.ErrorDataReceived += (_, e) => Note(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts it when no other topology is starting. Its turn lasts until it shows the expected text or exits.</summary>
    /// <param name="home">Shared by several runs; if null, the run has its own home and deletes it.</param>
    /// <param name="environment">Added to the environment of the tests, or overriding it.</param>
    /// <param name="arguments">Arguments for the AppHost.</param>
    public static async Task<AppHostProcess> StartAsync(
        TestFolder? home, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        new(await StartTurn.TakeAsync(CancellationToken.None), home, environment, arguments);

    public string Home { get; }

    public string Output => string.Join('\n', _lines);

    /// <summary>The address that the table on the console shows for a name.</summary>
    public Uri AddressOf(string name) => new(Row().Matches(Output).Single(row => row.Groups["name"].Value == name).Groups["url"].Value);

    public Task WaitUntilUpAsync() => WaitForAsync("Ctrl+C stops it.");

    /// <summary>Waits until the console shows a text.</summary>
    public async Task WaitForAsync(string text)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || TimeProvider.System.GetElapsedTime(started) > s_patience)
                Assert.Fail($"The console does not show '{text}' but '{Output}'. Running: {string.Join("; ", Left())}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        _turn.Dispose();
        _started = [.. Everything()];
    }

    public async Task<int> WaitForEndAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(s_patience);
        _turn.Dispose();
        return _process.ExitCode;
    }

    /// <summary>Ctrl+C in a terminal: SIGINT for every process in the session's foreground process group.</summary>
    public void Interrupt() => Signals.Send(-_process.Id, Signals.Interrupt);

    /// <summary>The AppHost itself, the child of <c>dotnet run</c>.</summary>
    public int AppHostId => Assert.Single(ProcessTable.ChildrenOf(_process.Id));

    /// <summary>Its processes that are still running.</summary>
    public IEnumerable<string> Left() => Everything().Concat(_started).Distinct()
        .Where(ProcessTable.IsAlive).Select(id => $"{id} {ProcessTable.CommandLine(id)}");

    public async ValueTask DisposeAsync()
    {
        using var turn = _turn;
        Interrupt();
        await WaitForEndAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(!Left().Any()), "everything is gone", CancellationToken.None, s_patience);
        _process.Dispose();
        _ownHome?.Dispose();
    }

    // An environment variable marks the processes of this run. A server may overwrite its environment, but its parent does not.
    private HashSet<int> Everything()
    {
        var found = new HashSet<int>();
        var waiting = new Queue<int>(Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Where(id => id > 0 && ProcessTable.Environment(id).Contains(_marker)));
        while (waiting.TryDequeue(out var id))
        {
            if (!found.Add(id))
                continue;
            foreach (var child in ProcessTable.ChildrenOf(id))
                waiting.Enqueue(child);
        }

        return found;
    }

    private void Note(string? line)
    {
        if (line is not null)
            _lines.Enqueue(line);
    }

    //   API reference  http://localhost:8080/scalar
    [GeneratedRegex(@"^  (?<name>\S.*?)  +(?<url>https?://\S+)$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
