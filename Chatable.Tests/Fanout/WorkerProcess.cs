using System.Diagnostics;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Fanout;

/// <summary>The worker as a separate process, ended with the test at the latest.</summary>
internal sealed partial class WorkerProcess : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private WorkerProcess(ServerProcess process) => _process = process;

    public string Output => _process.Output;

    public static WorkerProcess Start(
        string name, string database, string redis, string prefix, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Program()]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ConnectionStrings__chatdb"] = database;
        start.Environment["ConnectionStrings__redis"] = redis;
        start.Environment["Chatable__KeyPrefix"] = prefix;
        start.Environment["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={name}";
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (setting, value) in settings)
            start.Environment[setting] = value;
        return new WorkerProcess(ServerProcess.Start(start, "Now listening on: ", ServerProcess.Terminate));
    }

    public async Task<string> GetAsync(string path, CancellationToken cancellationToken)
    {
        await _process.ReadyAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(Listening().Match(Output).Groups[1].Value) };
        using var response = await client.GetAsync(path, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>SIGKILL: no more worker code runs.</summary>
    public void Kill() => Signals.Send(_process.Id, Signals.Kill);

    /// <summary>SIGTERM, as a platform sends it.</summary>
    public void Terminate() => Signals.Send(_process.Id, Signals.Terminate);

    public Task<int> WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await _process.KillAsync(CancellationToken.None);
        _process.Dispose();
    }

    // From …/Chatable.Tests/bin/{configuration}/{framework} to the worker's own output. The copy beside the tests has the tests' packages.
    public static string Program()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = tests.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Chatable.FanoutWorker", "bin", tests.Parent.Name, tests.Name, "Chatable.FanoutWorker.dll");
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();
}
