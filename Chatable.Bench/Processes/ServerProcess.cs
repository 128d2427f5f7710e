using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Chatable.Bench.Processes;

/// <summary>A server program as a child that ends with this process, however this process ends.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    public const string Interrupt = "INT";
    public const string Terminate = "TERM";

    private const int MaxKeptOutput = 16_777_216;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly BlockingCollection<Action> s_starts = StartingThread();

    private readonly Process _process;
    private readonly string _readyText;
    private readonly string _stopSignal;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start, string readyText, string stopSignal, string? name)
    {
        (Name, _readyText, _stopSignal) = (name ?? $"'{start.FileName}'", readyText, stopSignal);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{Name} ended.\n{Kept}"));
    }

    /// <summary>What its figures stand under.</summary>
    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The exit code; 128 and the number of the signal where one has ended it.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>All it has printed so far.</summary>
    /// <exception cref="InvalidOperationException">It printed more than is kept: nobody can tell what is not in it.</exception>
    public string Output
    {
        get
        {
            var kept = Kept;
            return kept.Length < MaxKeptOutput
                ? kept
                : throw new InvalidOperationException($"It printed more than {MaxKeptOutput} characters.");
        }
    }

    private string Kept
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts a program under the servers' account, and waits until it prints <paramref name="readyText"/>.</summary>
    public static Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, string readyText, string stopSignal, CancellationToken cancellationToken) =>
        StartAsync(ServerAccount.StartInfo(program, arguments, stopSignal), readyText, stopSignal, cancellationToken);

    /// <summary>Starts it and waits until it prints <paramref name="readyText"/>.</summary>
    /// <param name="start">The program.</param>
    /// <param name="readyText">What it prints when it is ready.</param>
    /// <param name="stopSignal">The signal that ends it: <see cref="Interrupt"/> or <see cref="Terminate"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="name">What its figures stand under; its program without one.</param>
    public static async Task<ServerProcess> StartAsync(
        ProcessStartInfo start, string readyText, string stopSignal, CancellationToken cancellationToken, string? name = null)
    {
        var server = new ServerProcess(start, readyText, stopSignal, name);
        s_starts.Add(server.Start, cancellationToken);
        try
        {
            await server.ReadyAsync(cancellationToken);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Starts it and returns at once: <see cref="ReadyAsync"/> waits for its text.</summary>
    public static ServerProcess Start(ProcessStartInfo start, string readyText, string stopSignal)
    {
        var server = new ServerProcess(start, readyText, stopSignal, name: null);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        s_starts.Add(() =>
        {
            server.Start();
            started.SetResult();
        });
        started.Task.Wait();
        return server;
    }

    /// <summary>Returns once it has printed its text.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    /// <exception cref="TimeoutException">It has not printed it within a minute.</exception>
    public Task ReadyAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(s_patience, cancellationToken);

    /// <summary>The same program, started by another that becomes it.</summary>
    public static ProcessStartInfo Through(string[] starter, ProcessStartInfo start)
    {
        if (starter is not [var program, .. var arguments])
            return start;
        var all = new ProcessStartInfo(program, [.. arguments, start.FileName, .. start.ArgumentList])
        {
            WorkingDirectory = start.WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in start.Environment)
            all.Environment[key] = value;
        return all;
    }

    /// <summary>
    /// A port that was free a moment ago; whoever uses it must bear that it no longer is. It is below those that Linux gives to the near
    /// ends of connections (from 32768): one of these could be in the way of a server for as long as it lasts.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 32_768);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }

    /// <summary>Ends it at once: it cannot say a word.</summary>
    public Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        return _process.WaitForExitAsync(cancellationToken);
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                _ = SendSignal(_process.Id, _stopSignal == Interrupt ? 2 : 15);
                if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
                    _process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It never started.
        }
        _process.Dispose();
    }

    // The kernel sends the death signal when the starting *thread* ends, so that all children start on one that lasts as long as we do.
    private static BlockingCollection<Action> StartingThread()
    {
        var starts = new BlockingCollection<Action>(boundedCapacity: 16);
        var thread = new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
                start();
        })
        { IsBackground = true, Name = "server starts" };
        thread.Start();
        return starts;
    }

    private void Start()
    {
        try
        {
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }
        catch (Exception exception)
        {
            _ready.TrySetException(exception);
        }
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            if (_output.Length < MaxKeptOutput)
                _output.AppendLine(line);
        }
        if (line.Contains(_readyText, StringComparison.Ordinal))
            _ready.TrySetResult();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
