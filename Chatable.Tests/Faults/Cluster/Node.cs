using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>One process of the cluster, which can be killed, frozen and restarted.</summary>
internal sealed class Node(string name, Func<ProcessStartInfo> program, string readyText, string stopSignal) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly List<string> _outputs = [];
    private readonly List<string> _surprises = [];
    private ServerProcess? _process;
    private bool _mayCrash;
    private bool _isEnding;

    public string Name => name;

    /// <summary>A command through which later starts run the program; none if empty.</summary>
    public string[] Starter { get; set; } = [];

    /// <summary>Null if it is not running.</summary>
    public int? ProcessId => _process is { HasExited: false } process ? process.Id : null;

    public bool IsRunning => ProcessId is not null;

    /// <summary>How many times it was started.</summary>
    public int Starts => _outputs.Count + (_process is null ? 0 : 1);

    /// <summary>Whether it was told to crash or to exit.</summary>
    public bool MayCrash => _mayCrash;

    /// <summary>Unexpected exits.</summary>
    public IReadOnlyList<string> Surprises => _surprises;

    /// <summary>The output of all its lives.</summary>
    public string Output => string.Concat(_outputs) + _process?.Output;

    /// <summary>
    /// Starts it unless it runs, with additional environment variables. With <paramref name="mayCrash"/>, a crash is expected.
    /// </summary>
    public async Task StartAsync(
        CancellationToken cancellationToken, bool mayCrash = false, params (string Key, string Value)[] environment)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (IsRunning && !_isEnding)
                return;
            // A fault's window may close before a terminated process has exited.
            if (_process is { HasExited: false } ending)
                await ending.WaitForExitAsync(cancellationToken).WaitAsync(s_patience, cancellationToken);
            await BuryAsync();
            var start = ServerProcess.Through(Starter, program());
            foreach (var (key, value) in environment)
                start.Environment[key] = value;
            (_mayCrash, _isEnding) = (mayCrash, false);
            _process = await ServerProcess.StartAsync(start, readyText, stopSignal, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Retries the start: the port of a killed predecessor is not free at once.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken, params (string Key, string Value)[] environment)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await StartAsync(cancellationToken, environment: environment);
                return;
            }
            catch (InvalidOperationException) when (attempt < 20)
            {
                await Task.Delay(250, cancellationToken);
            }
        }
    }

    /// <summary>Sends it a signal and waits until it has exited.</summary>
    public async Task EndAsync(int signal, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_process is not { HasExited: false } process)
                return;
            _mayCrash = _isEnding = true;
            Signals.Send(process.Id, signal);
            Signals.Send(process.Id, Signals.Continue);
            await process.WaitForExitAsync(cancellationToken).WaitAsync(s_patience, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task KillAsync(CancellationToken cancellationToken) => EndAsync(Signals.Kill, cancellationToken);

    /// <summary>Waits until the process exits for any reason.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        if (_process is { } process)
            await process.WaitForExitAsync(cancellationToken);
    }

    public void Freeze() => Signal(Signals.Stop);

    public void Thaw() => Signal(Signals.Continue);

    public async ValueTask DisposeAsync()
    {
        Thaw();
        await _gate.WaitAsync();
        await BuryAsync();
        _gate.Dispose();
    }

    /// <summary>Records an unexpected exit, if there is one.</summary>
    public async Task LookAsync()
    {
        if (_process is { HasExited: true } && !_mayCrash)
        {
            _surprises.Add($"{name} ended with {await _process.WaitForExitAsync(CancellationToken.None)}");
            _mayCrash = true;
        }
    }

    private void Signal(int signal)
    {
        if (ProcessId is { } id)
            Signals.Send(id, signal);
    }

    private async Task BuryAsync()
    {
        if (_process is null)
            return;
        await LookAsync();
        _process.Dispose();
        _outputs.Add(_process.Output);
        _process = null;
    }
}
