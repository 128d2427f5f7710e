using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>
/// What clients that write too fast cost the others: the same traffic alone, beside clients that write as much as one may, and beside as
/// many that write without a pause, of which the server takes as much and leaves the rest to TCP.
/// </summary>
internal sealed class ThrottlePhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private const int Pairs = 50, PerSecond = 250, Writers = 50;

    // What one socket may write by default: ChatableSubject allows its own more.
    private static readonly (string, string)[] s_limits = [("Realtime__FramesPerSecond", "10"), ("Realtime__FrameBurst", "30")];

    private static readonly TimeSpan s_allowed = TimeSpan.FromMilliseconds(100);

    // The bursts are over by then.
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(5);

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Throttle) || !IsAskedForSubject(SubjectNames.Chatable))
            return;
        Progress.Step("starting chatable");
        await using var subject = await ChatableSubject.StartAsync(
            new Variant(SubjectNames.Chatable, Checkout: null, s_limits), workers: 1, cancellationToken);
        await subject.PrepareAsync((2 * Pairs) + Writers, cancellationToken);
        await new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
            subject.Name, () => new TrafficRun(subject, Plan(Options.WarmUpWindow), Progress).RunAsync(round: 0, cancellationToken));
        foreach (var round in Rounds)
        {
            add(await MeasureAsync(subject, "the others alone", round, cancellationToken));
            await using (await StartAsync(subject, s_allowed, cancellationToken))
                add(await MeasureAsync(subject, $"beside {Writers} at 10/s each", round, cancellationToken));
            await using (await StartAsync(subject, pause: null, cancellationToken))
                add(await MeasureAsync(subject, $"beside {Writers} without a pause", round, cancellationToken));
        }
    }

    private async Task<Flood> StartAsync(ChatableSubject subject, TimeSpan? pause, CancellationToken cancellationToken)
    {
        var seats = Enumerable.Range(0, Writers).Select(writer => subject.Seat((2 * Pairs) + writer, writer % subject.Replicas));
        var flood = await Flood.StartAsync(seats, pause, cancellationToken);
        await Progress.WatchAsync(s_settle, () => $"{flood.Written:N0} written", cancellationToken);
        return flood;
    }

    // What is stored beyond what the pairs have sent is the writers'.
    private async Task<RunResult> MeasureAsync(ChatableSubject subject, string beside, int round, CancellationToken cancellationToken)
    {
        Progress.Step($"round {round} of {Options.Rounds}: {Scenarios.Throttle}, {beside}");
        var result = await new TrafficRun(subject, Plan(Options.Measured), Progress).RunAsync(round, cancellationToken);
        var others = (result.Counts.Stored - result.Counts.Sent) / (result.Seconds + Options.WarmUp.TotalSeconds);
        return result with
        {
            Subject = beside,
            Counts = result.Counts with { Stored = null },
            Extra = new() { ["stored of the writers in a second"] = Math.Round(others ?? 0) },
        };
    }

    private TrafficPlan Plan(TimeSpan measured) => new()
    {
        Name = Scenarios.Throttle,
        Pairs = Pairs,
        WarmUp = Options.WarmUp,
        Measured = measured,
        Pace = share => new OpenLoop(PerSecond * share),
    };
}
