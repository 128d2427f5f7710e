using System.Diagnostics;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;

namespace Chatable.Tests.Unit.Bench;

public sealed class MeasuresTests
{
    [Fact]
    public void MedianAndSpreadAreOfTheSortedValues()
    {
        Assert.Equal(new Spread(2, 1, 9, 3), Spread.Of([9, 1, 2]));
        Assert.Equal(new Spread(3, 1, 9, 4), Spread.Of([9, 1, 2, 4]));
        Assert.Equal(default, Spread.Of([]));
    }

    [Fact]
    public void PercentilesAreMillisecondsOfWhatWasTimed()
    {
        var times = new Times();
        for (var i = 1; i <= 1000; i++)
            times.Add(0, i * Stopwatch.Frequency / 1000);

        var read = times.Read();

        Assert.Equal(500, read.P50, 1.0);
        Assert.Equal(990, read.P99, 1.0);
        Assert.Equal(1000, read.Max, 1.0);
        Assert.Equal(new Percentiles(), new Times().Read());
    }

    [Fact]
    public void ProcessorTimeIsReadPastAnyName() =>
        Assert.Equal(
            TimeSpan.FromSeconds(1.5),
            ProcessUse.CpuOf("42 (a ) name) S 1 42 42 0 -1 4194560 100 200 0 0 50 30 40 30 20 0 9 0 12345 1000000 500 18446744073709551615"));

    [Fact]
    public void WaitingIsNoProcessorTime() =>
        Assert.Equal(TimeSpan.FromSeconds(1.0), MachineUse.BusyOf("cpu  40 10 20 99999 88888 5 15 10 7 0"));
}
