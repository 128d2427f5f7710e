using System.Globalization;

namespace Chatable.Tests.Support;

/// <summary>Records the command line of every process on this machine from now on, including short-lived ones.</summary>
internal sealed class CommandLineWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<string> _seen = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public CommandLineWatch() => _watching = Task.Run(WatchAsync);

    /// <summary>Stops watching.</summary>
    /// <returns>All command lines seen.</returns>
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

    // A living process may exec another program or overwrite its arguments, so all are read each time.
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
