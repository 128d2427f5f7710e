using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Chatable.Bench.Processes;

/// <summary>A server program as a child that ends with this process, however that ends.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int MaxKeptOutput = 65_536;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly BlockingCollection<Action> s_starts = StartingThread();

    private readonly Process _process;
    private readonly string _readyText;
    private readonly int _stopSignal;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string name, ProcessStartInfo start, string readyText, int stopSignal)
    {
        (Name, _readyText, _stopSignal) = (name, readyText, stopSignal);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{name} ended.\n{Output}"));
    }

    /// <summary>What its figures stand under.</summary>
    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The last it has printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it and waits until it prints <paramref name="readyText"/>.</summary>
    /// <param name="name">What its figures stand under.</param>
    /// <param name="start">The program.</param>
    /// <param name="readyText">What it prints when it is ready.</param>
    /// <param name="stopSignal">The signal that ends it: 2 or 15.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ServerProcess> StartAsync(
        string name, ProcessStartInfo start, string readyText, int stopSignal, CancellationToken cancellationToken)
    {
        var server = new ServerProcess(name, start, readyText, stopSignal);
        s_starts.Add(server.Start, cancellationToken);
        try
        {
            await server._ready.Task.WaitAsync(s_patience, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Ends it at once: it cannot say a word.</summary>
    public Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        return _process.WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                _ = SendSignal(_process.Id, _stopSignal);
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
                await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!_process.HasExited)
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
            _output.AppendLine(line);
            if (_output.Length > MaxKeptOutput)
                _output.Remove(0, MaxKeptOutput / 2);
        }
        if (line.Contains(_readyText, StringComparison.Ordinal))
            _ready.TrySetResult();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
