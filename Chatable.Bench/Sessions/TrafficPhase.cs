using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>
/// Messages from one user to another. All systems are up throughout and take turns, each round beginning with another: a noisy minute hits
/// them alike.
/// </summary>
internal sealed class TrafficPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        var plans = Plans().Where(plan => IsAskedFor(plan.Name)).ToArray();
        if (plans.Length == 0)
            return;
        await using var subjects = await SubjectSet.StartAsync(
            SubjectNames.All.Where(IsAskedForSubject), Options.Variants, Progress, cancellationToken);
        foreach (var subject in subjects.All)
            await WarmUpAsync(subject, cancellationToken);
        foreach (var round in Rounds)
        {
            foreach (var subject in subjects.All)
                await subject.TidyUpAsync(cancellationToken);
            foreach (var plan in plans)
            {
                foreach (var subject in InTurn(subjects.All, round).Where(one => plan.Protocol is null || one is ChatableSubject))
                {
                    Progress.Step($"round {round} of {Options.Rounds}: {plan.Name}, {subject.Name}");
                    add(await new TrafficRun(subject, plan, Progress).RunAsync(round, cancellationToken));
                }
            }
        }
    }

    // Whoever comes first has what the others leave behind, such as a checkpoint that is still being written: so each does in its turn.
    private static IEnumerable<Subject> InTurn(IReadOnlyCollection<Subject> subjects, int round)
    {
        var first = (round - 1) % subjects.Count;
        return subjects.Skip(first).Concat(subjects.Take(first));
    }

    private Task WarmUpAsync(Subject subject, CancellationToken cancellationToken) => new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
        subject.Name, () => new TrafficRun(subject, WarmUpPlan, Progress).RunAsync(round: 0, cancellationToken));

    private TrafficPlan WarmUpPlan => Plan("warm-up", _ => new ClosedLoop(16)) with
    {
        WarmUp = TimeSpan.FromMilliseconds(500),
        Measured = Options.WarmUpWindow,
    };

    private TrafficPlan[] Plans() =>
    [
        Plan(Scenarios.Window16, _ => new ClosedLoop(16)),
        Plan(Scenarios.Window1, _ => new ClosedLoop(1)),
        Plan(Scenarios.Rate, share => new OpenLoop(Options.Rate * share)),
        Plan(Scenarios.V1, _ => new ClosedLoop(16)) with { Protocol = new ChatableV1() },
    ];

    private TrafficPlan Plan(string name, Func<double, Pace> pace) => new()
    {
        Name = name,
        Pairs = Options.Pairs,
        WarmUp = Options.WarmUp,
        Measured = Options.Measured,
        Pace = pace,
        // One carries more than any of these systems on few cores.
        Loops = Math.Max(1, Environment.ProcessorCount / 4),
    };
}
