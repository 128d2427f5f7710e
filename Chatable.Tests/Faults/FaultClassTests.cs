using System.Globalization;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Report;
using Chatable.Tests.Faults.Runs;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults;

/// <summary>The proof of the delivery guarantee, run by <c>make faults</c>: each class of faults on its own cluster.</summary>
[Collection(WholeClusters.Name)]
public sealed class FaultClassTests
{
    private const int PerSecond = 100;

    // More than 100,000 in 10 minutes, even without those lost to faults.
    private const int MixedPerSecond = 220;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task EveryClassOfFaultsKeepsThePromise()
    {
        var folder = Path.Combine(Repository.Root, "artifacts", "faults");
        var (seconds, seed) = (Number("FAULTS_SECONDS", 20), Number("FAULTS_SEED", Random.Shared.Next(1, 1_000_000)));
        List<RunResult> results = [];
        Fault[] chosen = [.. Chosen()];
        var mixed = TimeSpan.FromMinutes(Number("FAULTS_MINUTES", 2));
        foreach (var fault in chosen)
        {
            var place = $"[{results.Count + 1}/{chosen.Length}]";
            var window = fault == FaultTable.Mix ? mixed : TimeSpan.FromSeconds(seconds);
            var settings = new RunSettings(window, seed, folder)
            {
                Progress = line => Console.Error.WriteLine($"{place} {line}"),
                Traffic = new() { MessagesPerSecond = fault == FaultTable.Mix ? MixedPerSecond : PerSecond },
            };
            results.Add(await RunAsync(fault, settings));
            Console.Error.WriteLine(FaultReport.Line(results[^1]));
        }

        var commit = Environment.GetEnvironmentVariable("FAULTS_COMMIT") ?? "";
        var about = new RunFacts(TimeProvider.System.GetUtcNow(), commit, seconds, mixed);
        await File.WriteAllTextAsync(Path.Combine(folder, "results.md"), FaultReport.Markdown(results, about), Cancellation);
        if (chosen.Length > FaultTable.All.Count)
            Assert.Empty(Coverage.Of(results).Missing());
        Assert.Empty(results.SelectMany(result => result.Violations.Select(violation => $"{result.Fault.Name}: {violation}")));
    }

    // A run that is aborted says so in the table, and the others continue.
    private static async Task<RunResult> RunAsync(Fault fault, RunSettings settings)
    {
        try
        {
            return fault == FaultTable.Mix
                ? await new MixRun(settings).ExecuteAsync(Cancellation)
                : await new FaultRun(fault, settings).ExecuteAsync(Cancellation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !Cancellation.IsCancellationRequested)
        {
            return new RunResult(fault, settings.Seed) { Violations = [new Violation("broken off", exception.ToString())] };
        }
    }

    private static IEnumerable<Fault> Chosen() => Environment.GetEnvironmentVariable("FAULTS_CLASS") is { Length: > 0 } chosen
        ? chosen.Split(',', StringSplitOptions.TrimEntries).Select(FaultTable.Find)
        : FaultTable.All.Append(FaultTable.Mix);

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
