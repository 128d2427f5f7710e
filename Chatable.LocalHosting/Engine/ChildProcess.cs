using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Chatable.LocalHosting;

/// <summary>A started process: its output as lines, its end, and the two ways of ending it.</summary>
internal sealed class ChildProcess : IDisposable
{
    // What the AppHost was started with must not decide where its children listen, or which environment they believe to be in.
    private static readonly string[] s_notInherited =
        ["ASPNETCORE_URLS", "DOTNET_URLS", "HTTP_PORTS", "HTTPS_PORTS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS",
         "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"];

    private readonly Process _process;
    private readonly ProcessSpec _spec;

    private ChildProcess(Process process, ProcessSpec spec, Action<string> onLine)
    {
        _process = process;
        _spec = spec;
        Exited = WaitForEndAsync(ReadLinesAsync(process.StandardOutput, onLine), ReadLinesAsync(process.StandardError, onLine));
    }

    public int Id => _process.Id;

    /// <summary>The exit code, once the process has ended and its last line has been read.</summary>
    public Task<int> Exited { get; }

    /// <exception cref="DistributedApplicationException">The program cannot be started.</exception>
    public static async Task<ChildProcess> StartAsync(ProcessSpec spec, Action<string> onLine)
    {
        var line = ProcessGuard.CommandLine(spec);
        var info = new ProcessStartInfo(line[0], line[1..])
        {
            WorkingDirectory = spec.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in s_notInherited)
            info.Environment.Remove(name);
        foreach (var (name, value) in spec.Environment)
            info.Environment[name] = value;

        var process = new Process { StartInfo = info };
        try
        {
            await SpawnThread.StartAsync(process);
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new DistributedApplicationException($"The program '{spec.Program}' cannot be started: {e.Message}.", e);
        }

        var child = new ChildProcess(process, spec, onLine);
        await child.FeedAsync(spec.StandardInput);
        return child;
    }

    /// <summary>Runs a program to its end and returns its exit code and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        using var child = await StartAsync(spec, text =>
        {
            lock (lines)
                lines.Add(text);
        });
        await using var killed = cancellationToken.Register(child.Kill);
        var exitCode = await child.Exited;
        cancellationToken.ThrowIfCancellationRequested();
        return (exitCode, string.Join(Environment.NewLine, lines));
    }

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Asks the process to end, and kills it where it has not within the time given.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        if (OperatingSystem.IsWindows())
            Kill();
        else
            Send(_spec.StopSignal);
        try
        {
            await Exited.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            Kill();
            await Exited;
        }
    }

    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
    }

    public void Dispose() => _process.Dispose();

    private void Send(Signal signal)
    {
        if (!_process.HasExited)
            _ = SendSignal(_process.Id, (int)signal);
    }

    private async Task FeedAsync(string? text)
    {
        try
        {
            if (text is not null)
                await _process.StandardInput.WriteAsync(text);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read its input; its exit code and output say why.
        }
    }

    private async Task<int> WaitForEndAsync(params Task[] output)
    {
        await _process.WaitForExitAsync();
        // A grandchild may hold the pipe open for longer than the process lived.
        await Task.WhenAny(Task.WhenAll(output), Task.Delay(TimeSpan.FromSeconds(1)));
        return _process.ExitCode;
    }

    private static async Task ReadLinesAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
            onLine(line);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int processId, int signal);
}
