using System.Globalization;

namespace Chatable.Tests.Support;

/// <summary>Notes the command line of every process of this machine from now on, also of those that live for a moment only.</summary>
internal sealed class CommandLineWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<string> _seen = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public CommandLineWatch() => _watching = Task.Run(WatchAsync);

    /// <summary>Ends it.</summary>
    /// <returns>All that were seen.</returns>
    public async Task<IReadOnlyCollection<string>> StopAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        return _seen;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    // A process may become another program, or write over its arguments, while it lives: all are read each time.
    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
                    _seen.Add(ProcessTable.CommandLine(id));
            }

            await Task.Delay(s_pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
