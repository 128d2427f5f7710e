using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.AppHost;

/// <summary>
/// <c>dotnet run --project Chatable.AppHost</c> as a person runs it, in a session of its own, with a home and data of its own.
/// </summary>
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
        // A shell's background jobs ignore SIGINT, and so would all that they start: the tests may be such a job, the AppHost may not.
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
        // Of the home of whoever runs the tests only the packages: a download would take longer than all the rest.
        info.Environment["NUGET_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        info.Environment["HOME"] = Home;
        // Asks the package registry whether there is a newer Aspire, once for each new home.
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

    /// <summary>Starts it once no other topology is starting. Its turn lasts until it has shown what the test waits for, or has ended.</summary>
    /// <param name="home">What one run leaves in its home the next one finds; without one, it has a home that goes with it.</param>
    /// <param name="environment">Besides, or instead of, that of the tests.</param>
    /// <param name="arguments">Of the AppHost.</param>
    public static async Task<AppHostProcess> StartAsync(
        TestFolder? home, IReadOnlyDictionary<string, string>? environment, params string[] arguments) =>
        new(await StartTurn.TakeAsync(CancellationToken.None), home, environment, arguments);

    public string Home { get; }

    public string Output => string.Join('\n', _lines);

    /// <summary>Where the table on the console says that something is.</summary>
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

    /// <summary>Ctrl+C in a terminal: SIGINT for every process of the session that is in the foreground.</summary>
    public void Interrupt() => Signals.Send(-_process.Id, Signals.Interrupt);

    /// <summary>The AppHost itself, the child of <c>dotnet run</c>.</summary>
    public int AppHostId => Assert.Single(ProcessTable.ChildrenOf(_process.Id));

    /// <summary>All of its processes that still run.</summary>
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

    // The environment names the run; a server may have written over its own, but then it is a child of one that has not.
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
