using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>
/// What it costs everybody else that a replica with many sockets dies. Its users have another device each, on replicas that live, and write
/// to each other: once as long as all is well, and once from the moment its lease has ended, when each of their messages finds that one of
/// its registrations is dead.
/// </summary>
internal sealed class DeadReplicaPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.DeadReplica))
            return;
        // As many again belong to replicas that live.
        var sockets = Math.Min(Options.Dead, FileLimit.Clients() / 2);
        if (sockets < Options.Dead)
            Progress.Say($"only {sockets} of {Options.Dead} connections: `ulimit -Hn` allows no more sockets in one process");
        await using var subjects = await SubjectSet.StartAsync(
            [SubjectNames.Chatable], Options.Variants, Progress, cancellationToken);
        foreach (var subject in subjects.All)
        {
            await new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
                subject.Name,
                () => new TrafficRun(subject, Plan(sockets, Options.WarmUpWindow), Progress).RunAsync(round: 0, cancellationToken));
        }

        foreach (var round in Rounds)
        {
            foreach (var subject in subjects.All.Cast<ChatableSubject>())
                await MeasureAsync(subject, sockets, round, add, cancellationToken);
        }
    }

    private async Task MeasureAsync(
        ChatableSubject subject, int sockets, int round, Action<RunResult> add, CancellationToken cancellationToken)
    {
        Progress.Step($"round {round} of {Options.Rounds}: a replica with {sockets} connections, {subject.Name}");
        await subject.PrepareAsync(sockets, cancellationToken);
        await using var doomed = await DoomedReplica.StartAsync(subject, sockets, round, Progress, cancellationToken);
        var plan = Plan(sockets, Options.Measured);
        var quiet = await new TrafficRun(subject, plan, Progress).RunAsync(round, cancellationToken);
        add(Told(quiet, $"{subject.Name}, {sockets:N0} sockets on one replica", []));

        var dead = await new TrafficRun(subject, plan with { BeforeMeasuring = doomed.DieAsync }, Progress).RunAsync(round, cancellationToken);
        add(Told(dead, $"{subject.Name}, that replica dead", new()
        {
            ["p99 of acks × quiet"] = Math.Round(dead.Ack.P99 / quiet.Ack.P99, 2),
            ["registrations left"] = await doomed.CountRegistrationsAsync(cancellationToken),
        }));
    }

    private static RunResult Told(RunResult run, string name, Dictionary<string, double> more) => run with
    {
        Subject = name,
        Extra = new(new Dictionary<string, double>
        {
            ["ack p50 ms"] = run.Ack.P50,
            ["ack p99 ms"] = run.Ack.P99,
            ["ack max ms"] = run.Ack.Max,
        }.Concat(more)),
    };

    private TrafficPlan Plan(int sockets, TimeSpan measured) => new()
    {
        Name = Scenarios.DeadReplica,
        Pairs = sockets / 2,
        WarmUp = Options.WarmUp,
        Measured = measured,
        Pace = share => new OpenLoop(Options.Rate * share),
        Loops = Math.Max(1, Environment.ProcessorCount / 4),
    };
}
