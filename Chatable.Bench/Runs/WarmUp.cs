using Chatable.Bench.Measures;
using Chatable.Bench.Report;

namespace Chatable.Bench.Runs;

/// <summary>Load until a system is warm: the first minute of a process is spent compiling what it uses most, three times over.</summary>
internal sealed class WarmUp(Progress progress, int most)
{
    /// <param name="name">What is warmed up.</param>
    /// <param name="window">A while of load.</param>
    public async Task RunAsync(string name, Func<Task<RunResult>> window)
    {
        var warmth = new Warmth();
        for (var number = 1; number <= most && !warmth.IsReached; number++)
        {
            progress.Step($"warming up {name}, {number} ({warmth.State})");
            warmth.Add(await window());
        }

        if (!warmth.IsReached)
            progress.Say($"{name} is not known to be warm after {most} windows: {warmth.State}");
    }
}
