using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Npgsql;

namespace Chatable.Tests.LocalHosting;

/// <summary>The real AppHost as a child process, with a home and volumes of its own.</summary>
internal sealed partial class AppHostProcess : IAsyncDisposable
{
    private readonly TestFolder? _ownHome;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<string, int> _processes = new();
    private readonly SemaphoreSlim _changed = new(0);

    public AppHostProcess(IReadOnlyDictionary<string, string> environment, params string[] args)
        : this(home: null, environment, args)
    {
    }

    // What one run leaves in its home the next one finds; without one, it has a home that goes with it.
    public AppHostProcess(TestFolder? home, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        Home = (home ?? (_ownHome = new TestFolder())).Path;
        var appHost = Path.Combine(AppContext.BaseDirectory, "Chatable.AppHost.dll");
        string[] command = [ProgramPath.DotNet, appHost, $"--LocalHosting:Volumes={Home}/volumes", .. args];
        // A shell's background jobs ignore SIGINT, and so would all that they start: the tests may be such a job, the AppHost may not.
        if (OperatingSystem.IsLinux())
            command = ["/usr/bin/env", "--default-signal=INT", .. command];
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["HOME"] = Home;
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, e) => Note(e.Data);
        _process.ErrorDataReceived += (_, e) => Note(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _lines);

    public string Home { get; }

    /// <summary>The connection string of the database server it started, as its password in the secrets has it.</summary>
    public string Database => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = int.Parse(PostgresLine().Match(Output).Groups["port"].ValueSpan, CultureInfo.InvariantCulture),
        Username = "postgres",
        Password = JsonNode.Parse(File.ReadAllText(SecretsFile))!["Parameters:postgres-password"]!.GetValue<string>(),
        Database = "chatdb",
        Pooling = false,
    }.ConnectionString;

    public string SecretsFile => Path.Combine(Home, ".microsoft", "usersecrets", "chatable-apphost", "secrets.json");

    /// <summary>The processes that were reported as running, by resource id: <c>api-abcdefgh</c>.</summary>
    public IReadOnlyDictionary<string, int> Processes => _processes;

    /// <summary>The addresses its own processes were reported to listen at.</summary>
    public IEnumerable<Uri> Addresses => AddressOfRunning().Matches(Output).Select(match => new Uri(match.Groups["url"].Value));

    /// <summary>Waits until every replica of everything is healthy; the migration has ended by then.</summary>
    public async Task WaitUntilUpAsync()
    {
        var timeout = LocalTopology.Timeout;
        while (!_lines.Any(line => line.StartsWith("Everything is up", StringComparison.Ordinal)))
        {
            Assert.False(_process.HasExited, Output);
            await _changed.WaitAsync(timeout);
        }
    }

    public async Task<int> WaitForEndAsync()
    {
        await _process.WaitForExitAsync(LocalTopology.Timeout);
        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await LocalTopology.WaitUntilGoneAsync(_processes.Values);
        _process.Dispose();
        _changed.Dispose();
        _ownHome?.Dispose();
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (RunningLine().Match(line) is { Success: true } match)
            _processes[match.Groups["id"].Value] = int.Parse(match.Groups["process"].ValueSpan, CultureInfo.InvariantCulture);
        _changed.Release();
    }

    // api-abcdefgh : Running  http://localhost:23456  process 1234
    [GeneratedRegex(@"^(?<id>\w+-[a-z]{8})\s+: Running .*process (?<process>\d+)$")]
    private static partial Regex RunningLine();

    [GeneratedRegex(@": Running  (?<url>http://localhost:\d+)  process \d+")]
    private static partial Regex AddressOfRunning();

    // postgres-abcdefgh : Running  localhost:23456  process 1234
    [GeneratedRegex(@"postgres-[a-z]{8}\s+: Running  localhost:(?<port>\d+) ")]
    private static partial Regex PostgresLine();
}
