using System.Collections.Concurrent;
using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Fanout;

/// <summary>The worker as a process of its own, gone with the test at the latest.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WorkerProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"The worker ended.\n{Output}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _output);

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
        return new WorkerProcess(start);
    }

    public async Task<string> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = await _address.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken) };
        using var response = await client.GetAsync(path, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>SIGKILL: no code of the worker runs any more.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, as a platform stops it.</summary>
    public void Terminate() => Signals.Send(_process.Id, Signals.Terminate);

    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            _address.TrySetResult(new Uri(line[(at + Listening.Length)..]));
    }

    // From …/Chatable.Tests/bin/{configuration}/{framework} to the worker's own output: that beside the tests has the tests' packages.
    public static string Program()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = tests.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Chatable.FanoutWorker", "bin", tests.Parent.Name, tests.Name, "Chatable.FanoutWorker.dll");
    }
}
