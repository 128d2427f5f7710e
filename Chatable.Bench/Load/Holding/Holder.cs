using System.Diagnostics;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Holding;

/// <summary>Clients of a second process of this program, which has a limit of open files of its own.</summary>
internal sealed class Holder : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private volatile Attendance _count = Attendance.None;

    private Holder(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => _count = line.Data is null ? _count : Attendance.Read(line.Data);
    }

    public int Id => _process.Id;

    /// <summary>As it was a moment ago.</summary>
    /// <exception cref="InvalidOperationException">The process is gone.</exception>
    public Attendance Count => _process.HasExited
        ? throw new InvalidOperationException($"The process that holds connections ended with {_process.ExitCode}.")
        : _count;

    public static Holder Start()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Holder).Assembly.Location, "hold"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var holder = new Holder(process);
        process.BeginOutputReadLine();
        return holder;
    }

    /// <summary>By its input: a token in its arguments could be read by anybody.</summary>
    public async Task ConnectAsync(IEnumerable<Seat> seats, CancellationToken cancellationToken)
    {
        foreach (var seat in seats)
            await _process.StandardInput.WriteLineAsync(SeatLine.Write(seat).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
