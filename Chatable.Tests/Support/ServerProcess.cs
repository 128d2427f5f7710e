using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Support;

/// <summary>A server program as a child that ends with the test process, however that ends.</summary>
internal sealed class ServerProcess : IDisposable
{
    public const string Interrupt = "INT";
    public const string Terminate = "TERM";

    private const int MaxKeptOutput = 16_777_216;

    private static readonly BlockingCollection<Action> s_starts = StartingThread();

    private readonly Process _process;
    private readonly string _readyText;
    private readonly string _stopSignal;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start, string readyText, string stopSignal)
    {
        _readyText = readyText;
        _stopSignal = stopSignal;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"'{start.FileName}' ended.\n{Kept}"));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The exit code; 128 and the number of the signal where one has ended it.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>All it has printed so far.</summary>
    /// <exception cref="InvalidOperationException">It printed more than is kept: no test can tell what is not in it.</exception>
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

    /// <summary>Starts the program and waits until it prints <paramref name="readyText"/>.</summary>
    public static async Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, string readyText, string stopSignal, CancellationToken cancellationToken) =>
        await StartAsync(UnprivilegedUser.StartInfo(program, arguments, stopSignal), readyText, stopSignal, cancellationToken);

    /// <inheritdoc cref="StartAsync(string, IEnumerable{string}, string, string, CancellationToken)"/>
    public static async Task<ServerProcess> StartAsync(
        ProcessStartInfo start, string readyText, string stopSignal, CancellationToken cancellationToken)
    {
        var server = new ServerProcess(start, readyText, stopSignal);
        s_starts.Add(server.Start, cancellationToken);
        try
        {
            await server._ready.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

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

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                Signals.Send(_process.Id, _stopSignal == Interrupt ? Signals.Interrupt : Signals.Terminate);
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
}
