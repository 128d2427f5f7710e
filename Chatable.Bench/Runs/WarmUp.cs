using Chatable.Bench.Measures;

namespace Chatable.Bench.Runs;

/// <summary>
/// Load until a system no longer gets cheaper: the first minute of a process is spent compiling what it uses most, three times over. What a
/// message costs tells it better than how many go through, which depends on who else is on the machine.
/// </summary>
internal static class WarmUp
{
    private const double Improvement = 0.9;
    private const int Patience = 2;

    /// <param name="window">A while of load; its argument counts from 1.</param>
    /// <param name="most">After so many it has to do.</param>
    public static async Task RunAsync(Func<int, Task<RunResult>> window, int most)
    {
        var (best, since) = (double.MaxValue, 0);
        for (var number = 1; number <= most && since < Patience; number++)
        {
            var cost = (await window(number)).CpuPerThousand;
            since = cost < best * Improvement ? 0 : since + 1;
            best = Math.Min(best, cost);
        }
    }
}
