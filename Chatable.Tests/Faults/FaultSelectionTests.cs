using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Report;
using Chatable.Tests.Faults.Runs;

namespace Chatable.Tests.Faults;

/// <summary>Five classes of faults for a few seconds each, one after another on one cluster: the quick proof in every test run.</summary>
[Collection(WholeClusters.Name)]
public sealed class FaultSelectionTests(ITestOutputHelper output)
{
    // Long enough for each to happen at least once.
    private static readonly (string Fault, int Seconds)[] s_selected = [("F2", 5), ("F4", 6), ("F10", 8), ("F17", 6), ("F32", 10)];

    [Fact]
    public async Task ASelectionOfFaultsKeepsThePromise()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var cluster = await FaultCluster.StartAsync(new ClusterSettings(), cancellationToken);
        List<RunResult> results = [];
        foreach (var (name, seconds) in s_selected)
        {
            var window = TimeSpan.FromSeconds(seconds);
            var settings = new RunSettings(window, Seed: 1, Folder: null) { LoadAfter = TimeSpan.FromSeconds(1) };
            var run = new FaultRun(FaultTable.Find(name) with { AtLeast = window }, settings);
            results.Add(await run.ExecuteAsync(cluster, cancellationToken));
            output.WriteLine(FaultReport.Line(results[^1]));
        }

        Assert.Empty(results.SelectMany(result => result.Violations.Select(violation => $"{result.Fault.Name}: {violation}")));
        Assert.All(results, result => Assert.True(result.Acked > 0, $"{result.Fault.Name} had no traffic"));
        Assert.True(results.Sum(result => result.Suppressed) > 0, "no message was repeated, so repeats were not tested");
    }
}
