using System.Text.RegularExpressions;
using Chatable.Tests.Support;

namespace Chatable.Tests.Fanout;

public sealed partial class WorkerConsoleTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AWorkersPartitionsAreOneLineAndNoLineHasANumberThatNobodyKnows()
    {
        await using var worker = WorkerProcess.Start(
            "w", await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, $"{Guid.NewGuid():N}:");
        await Eventually.HoldsAsync(
            () => Task.FromResult(worker.Output.Contains("Application started", StringComparison.Ordinal)
                && worker.Output.Contains("partitions", StringComparison.Ordinal)), "the worker has started and reads", Cancellation);
        worker.Terminate();
        Assert.Equal(0, await worker.WaitForExitAsync(Cancellation));
        await Eventually.HoldsAsync(
            () => Task.FromResult(worker.Output.Contains("No longer", StringComparison.Ordinal)), "it says that it stopped", Cancellation);

        const string All = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15";
        Assert.Equal(
            [$"      Reading 16 more partitions: {All}.", $"      No longer reading 16 partitions: {All}."],
            worker.Output.Split('\n').Where(line => line.Contains("artition", StringComparison.Ordinal) && line.StartsWith(' ')));
        Assert.DoesNotMatch(EventNumber(), worker.Output);
    }

    [GeneratedRegex(@"(?m)^\w{4}: \S+\[\d+\]")]
    private static partial Regex EventNumber();
}
