using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>Idle connections, each time on freshly started processes: a heap that has seen traffic keeps its room.</summary>
internal sealed class IdlePhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    // (b) holds its sockets as (c) does.
    private static readonly string[] s_subjects = [SubjectNames.Relay, SubjectNames.SignalR, SubjectNames.Chatable];

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Idle))
            return;
        foreach (var round in Rounds)
        {
            foreach (var name in s_subjects.Where(IsAskedForSubject))
            {
                Progress.Step($"round {round} of {Options.Rounds}: {Options.Idle} idle connections, {name}");
                await using var subject = await SubjectSet.StartAsync(name, cancellationToken);
                add(await new IdleRun(subject, Progress).RunAsync(Scenarios.Idle, Options.Idle, spread: false, round, cancellationToken));
            }
        }

        if (IsAskedForSubject(SubjectNames.Chatable))
        {
            var open = (int)Math.Min(Options.Open, 2L * FileLimit.Clients());
            if (open < Options.Open)
                Progress.Say($"only {open} of {Options.Open} connections: `ulimit -Hn` allows no more sockets in two processes");
            Progress.Step($"{open} connections open at once");
            await using var subject = await SubjectSet.StartAsync(SubjectNames.Chatable, cancellationToken);
            add(await new IdleRun(subject, Progress) { MostHere = FileLimit.Clients() }
                .RunAsync("open at once", open, spread: true, round: 1, cancellationToken));
        }
    }
}
