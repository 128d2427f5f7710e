namespace Chatable.Tests.Unit.PrefixLog;

/// <summary>
/// Why there is no consumer group and no fencing token: reading from the head keeps the order by itself. The model shares no code with the
/// product. The other schemes prove that it would find a reordering.
/// </summary>
public sealed class PrefixLogTests
{
    [Fact]
    public void ReadingFromTheHeadNeverReordersWhateverTheWorkersSuffer() =>
        Assert.Equal(0, Scheduler.CountReordered(100_000, (partition, random) => new PrefixWorker(partition, random)));

    [Fact]
    public void AConsumerGroupReorders() => AssertReorders((partition, random) => new GroupWorker(partition, random));

    [Fact]
    public void ALeaseThatItsHolderOnlyBelievesInReorders() =>
        AssertReorders((partition, random) => new BelievingWorker(partition, random));

    [Fact]
    public void TwoBatchesInFlightReorder() => AssertReorders((partition, random) => new PipeliningWorker(partition, random));

    private static void AssertReorders(Func<ModelPartition, Random, ModelWorker> create)
    {
        var reordered = Scheduler.CountReordered(10_000, create);
        TestContext.Current.SendDiagnosticMessage("{0} of 10000 schedules were reordered.", reordered);
        Assert.True(reordered > 0, "The model found no reordering.");
    }
}
