using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Report;
using Chatable.Tests.Faults.Workload;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Runs;

/// <summary>
/// F35 for any duration, on one cluster with one crowd: a calm chapter, then a measurement of what everything uses, then chapters of
/// faults. After each chapter all invariants are checked, and usage must be as before. Each chapter has its own users and history, so
/// neither grows with the run.
/// </summary>
internal sealed class MixRun(RunSettings settings)
{
    private const int CrowdUsers = 200;
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_calm = TimeSpan.FromSeconds(60);

    private readonly Deck _deck = new(RandomMix.Mixed(FaultTable.All), settings.Seed);
    private readonly List<Chapter> _chapters = [];

    private int Count => Math.Max(1, (int)Math.Ceiling(settings.Window / s_longest));

    public async Task<RunResult> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await FaultCluster.StartAsync(FaultTable.Mix.Cluster, cancellationToken);
        settings.Progress($"{FaultTable.Mix.Name} a crowd of {CrowdUsers} gathers");
        await using var crowd = await WritingCrowd.GatherAsync(cluster, CrowdUsers, cancellationToken);
        var calm = settings.Window / 10 < s_calm ? settings.Window / 10 : s_calm;
        Baseline? baseline = null;
        await PlayAsync(cluster, crowd, Calm.Fault, calm, async () =>
        {
            baseline = await Baseline.TakeAsync(cluster, crowd, cancellationToken);
            return baseline.Measures;
        }, cancellationToken);
        var window = settings.Window / Count;
        var mix = FaultTable.Mix with { Inject = RandomMix.From(_deck, window / 3) };
        while (baseline is not null && _chapters.Count <= Count)
            await PlayAsync(cluster, crowd, mix, window, () => baseline.CompareAsync(cluster, cancellationToken), cancellationToken);
        return RunResult.Of(FaultTable.Mix, settings.Seed, _chapters);
    }

    // A chapter that is aborted says so, and the next one starts on a healthy cluster.
    private async Task PlayAsync(
        FaultCluster cluster, WritingCrowd crowd, Fault fault, TimeSpan window, Func<Task<IReadOnlyList<Measure>>> measure,
        CancellationToken cancellationToken)
    {
        // The seed is also in its file names: "F35-291503" is the third chapter with seed 2915.
        var (number, seed) = (_chapters.Count, settings.Seed * 100 + _chapters.Count);
        var dealt = _deck.Dealt.Count;
        var chapter = new Chapter(number, new RunResult(fault, seed));
        try
        {
            settings.Progress($"{FaultTable.Mix.Name} chapter {number} of {Count}");
            var result = await new FaultRun(fault, settings with { Window = window, Seed = seed, Crowd = crowd })
                .ExecuteAsync(cluster, cancellationToken);
            chapter = chapter with { Result = result };
            var state = await measure();
            chapter = chapter with { Result = result with { Violations = [.. result.Violations, .. Exceeded(state)] }, State = state };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var broken = new Violation("broken off", exception.ToString());
            chapter = chapter with { Result = chapter.Result with { Violations = [.. chapter.Result.Violations, broken] } };
            crowd.GoHome();
            await cluster.HealAsync(cancellationToken);
        }

        _chapters.Add(chapter with { Hands = [.. _deck.Dealt.Skip(dealt)], CrowdAcked = crowd.Acked });
        settings.Progress($"{FaultReport.Line(_chapters[^1].Result)}; {crowd.Acked} acked in the crowd so far; "
            + $"this process has {ProcessTable.OpenFiles(Environment.ProcessId)} files open");
    }

    private static IEnumerable<Violation> Exceeded(IReadOnlyList<Measure> state) =>
        state.Where(one => one.Value > one.Limit)
            .Select(one => new Violation("I12", $"{one.What}, compared with before all faults: {one.Value:0.#}, at most {one.Limit:0.#}"));
}
