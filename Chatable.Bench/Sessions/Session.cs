using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;

namespace Chatable.Bench.Sessions;

/// <summary>Everything that was asked for, from the first process to the last file.</summary>
internal sealed class Session(BenchOptions options)
{
    private readonly Progress _progress = new(Console.Out, isTerminal: !Console.IsOutputRedirected);
    private readonly List<RunResult> _results = [];
    private readonly List<string> _failures = [];

    /// <returns>0 where every message of every run had the fate it was promised, else 1.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("This program needs Linux: it reads /proc and waits by epoll.");
            return 1;
        }

        FileLimit.Raise(2 * Math.Max(options.Open, Math.Max(options.Idle, options.Dead)));
        using var autogroups = Autogroups.SwitchOff();
        var conditions = await Conditions.ReadAsync(options, autogroups.Sharing, cancellationToken);
        foreach (var line in conditions.Lines())
            _progress.Say(line);
        foreach (var phase in Phases())
            await TryAsync(phase, cancellationToken);

        var report = new BenchReport(conditions, _results);
        foreach (var file in await ReportFiles.WriteAsync(report, options.Folder, cancellationToken))
            _progress.Say(file);
        foreach (var wrong in report.Wrong)
            _progress.Say($"WRONG: {wrong.Scenario} of {wrong.Subject}, round {wrong.Round}: {wrong.Counts}; {wrong.Trouble}");
        foreach (var failure in _failures)
            _progress.Say($"FAILED: {failure}");
        return report.Wrong.Any() || _failures.Count > 0 ? 1 : 0;
    }

    // What was measured before is worth a report, whatever became of the rest.
    private async Task TryAsync(Phase phase, CancellationToken cancellationToken)
    {
        try
        {
            await phase.RunAsync(Add, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _failures.Add($"{phase.GetType().Name}: {failure.GetBaseException().Message}");
            _progress.Say(failure.ToString());
        }
    }

    private IEnumerable<Phase> Phases() =>
    [
        new TrafficPhase(options, _progress),
        new IdlePhase(options, _progress),
        new HistoryPhase(options, _progress),
        new StartPhase(options, _progress),
        new GrowthPhase(options, _progress),
        new SoakPhase(options, _progress),
        new DeadReplicaPhase(options, _progress),
    ];

    private void Add(RunResult result)
    {
        _results.Add(result);
        _progress.Say(ResultLine.Of(result));
    }
}
