using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Runs;

/// <summary>
/// Load until a system no longer gets cheaper: the first minute of a process is spent compiling what it uses most, three times over. What a
/// message costs tells it better than how many go through, which depends on who else is on the machine.
/// </summary>
internal static class WarmUp
{
    private const double Improvement = 0.9;
    private const int Patience = 2;

    /// <param name="subject">What is to be warm.</param>
    /// <param name="plan">One window of load.</param>
    /// <param name="most">After so many it has to do.</param>
    /// <param name="progress">Hears of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task RunAsync(
        Subject subject, TrafficPlan plan, int most, Progress progress, CancellationToken cancellationToken)
    {
        var (best, since) = (double.MaxValue, 0);
        for (var window = 1; window <= most && since < Patience; window++)
        {
            progress.Step($"warming up {subject.Name}, {window}");
            var result = await new TrafficRun(subject, plan, progress).RunAsync(round: 0, cancellationToken);
            since = Improves(result, best) ? 0 : since + 1;
            best = Math.Min(best, result.CpuPerThousand);
        }
    }

    private static bool Improves(RunResult result, double best) => result.CpuPerThousand < best * Improvement;
}
