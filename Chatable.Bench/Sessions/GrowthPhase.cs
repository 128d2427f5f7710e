using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>
/// What a message costs where there is more of something: the same load on several installations at once, which take turns.
/// </summary>
internal sealed class GrowthPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private const int ManyUsers = 100_000;
    private const int ManyServers = 100;

    // Each user's two devices would cost more wherever they were.
    private const int FewServers = 4;

    private readonly List<SimulatedServers> _simulated = [];

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Growth))
            return;
        var installations = new List<ChatableSubject>();
        try
        {
            foreach (var (name, prepare, workers) in Installations())
            {
                Progress.Step($"starting and filling: {name}");
                installations.Add(await ChatableSubject.StartAsync(cancellationToken, name, workers));
                await prepare(installations[^1], cancellationToken);
            }

            await MeasureAsync(installations, add, cancellationToken);
        }
        finally
        {
            foreach (var servers in _simulated)
                await servers.DisposeAsync();
            foreach (var installation in installations)
                await installation.DisposeAsync();
        }
    }

    private (string Name, Func<ChatableSubject, CancellationToken, Task> Prepare, int Workers)[] Installations() =>
    [
        (SubjectNames.Chatable, (_, _) => Task.CompletedTask, 1),
        ($"{FewServers} servers, two devices each", (subject, cancelled) => SimulateAsync(subject, FewServers, cancelled), 1),
        ($"{ManyServers} servers, two devices each", (subject, cancelled) => SimulateAsync(subject, ManyServers, cancelled), 1),
        ($"{ManyUsers:N0} users", (subject, cancelled) => subject.PrepareAsync(ManyUsers, cancelled), 1),
        ($"{Options.Stored:N0} stored", FillAsync, 1),
        ("two workers", (_, _) => Task.CompletedTask, 2),
    ];

    private async Task MeasureAsync(List<ChatableSubject> installations, Action<RunResult> add, CancellationToken cancellationToken)
    {
        foreach (var installation in installations)
        {
            await new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
                installation.Name,
                () => new TrafficRun(installation, Plan(Options.WarmUpWindow), Progress).RunAsync(round: 0, cancellationToken));
        }

        foreach (var round in Rounds)
        {
            foreach (var installation in installations)
            {
                Progress.Step($"round {round} of {Options.Rounds}: growth, {installation.Name}");
                add(await new TrafficRun(installation, Plan(Options.Measured), Progress).RunAsync(round, cancellationToken));
            }
        }
    }

    private TrafficPlan Plan(TimeSpan measured) => new()
    {
        Name = Scenarios.Growth,
        Pairs = Options.Pairs,
        WarmUp = Options.WarmUp,
        Measured = measured,
        Pace = _ => new ClosedLoop(16),
        Loops = Math.Max(1, Environment.ProcessorCount / 4),
    };

    private async Task SimulateAsync(ChatableSubject subject, int servers, CancellationToken cancellationToken)
    {
        await subject.PrepareAsync(2 * Options.Pairs, cancellationToken);
        _simulated.Add(await SimulatedServers.StartAsync(subject, 2 * Options.Pairs, servers, cancellationToken));
    }

    private async Task FillAsync(ChatableSubject subject, CancellationToken cancellationToken)
    {
        await subject.PrepareAsync(1000, cancellationToken);
        await History.FillAsync(subject.Database, 1000, Options.Stored, cancellationToken);
    }
}
