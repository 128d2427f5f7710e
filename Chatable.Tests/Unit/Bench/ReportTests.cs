using System.Xml.Linq;
using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Sessions;
using Chatable.Bench.Subjects;

namespace Chatable.Tests.Unit.Bench;

public sealed class ReportTests
{
    private static readonly BenchReport s_report = new(Conditions(),
    [
        Result(SubjectNames.Relay, 1, 1000), Result(SubjectNames.SignalR, 1, 100), Result(SubjectNames.Chatable, 1, 300),
        Result(SubjectNames.Relay, 2, 500), Result(SubjectNames.SignalR, 2, 50), Result(SubjectNames.Chatable, 2, 200),
        Result(SubjectNames.Relay, 3, 1000), Result(SubjectNames.SignalR, 3, 100), Result(SubjectNames.Chatable, 3, 250),
    ]);

    /// <summary>The second round was twice as slow for all, which does not affect ratios.</summary>
    [Fact]
    public void RatiosAreTakenRoundByRound()
    {
        Assert.Equal(new Spread(0.3, 0.25, 0.4, 3), s_report.Ratio(Scenarios.Window16, SubjectNames.Chatable, SubjectNames.Relay));
        Assert.Equal(new Spread(3, 2.5, 4, 3), s_report.Ratio(Scenarios.Window16, SubjectNames.Chatable, SubjectNames.SignalR));
        Assert.Null(s_report.Ratio(Scenarios.Window16, SubjectNames.Chatable, SubjectNames.SignalRStored));
    }

    [Fact]
    public void MarkdownSaysMediansSpreadAndRatios()
    {
        var text = MarkdownReport.Write(s_report);

        Assert.Contains("- commit abc123, 2026-01-02 03:04 UTC", text, StringComparison.Ordinal);
        Assert.Contains("- 90 messages sent; lost, duplicated, reordered, not stored: none, in every run", text, StringComparison.Ordinal);
        Assert.Contains(
            "| **Chatable** | 250 (200–300) | 0.30 (0.25–0.40) |  | 3.00 (2.50–4.00) "
            + "| 1.5 | 9 | 0 | 0 | 2.5 | 0 | 0.120 | 1,234 | 30 | 10 % | yes |",
            text, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatWasWrongIsSaidToBe()
    {
        var wrong = Result(SubjectNames.Chatable, 1, 300) with { Counts = new Counts { Sent = 10, Delivered = 9, Lost = 1 } };

        var text = MarkdownReport.Write(new BenchReport(Conditions(), [wrong]));

        Assert.Contains("1 RUNS WERE WRONG", text, StringComparison.Ordinal);
        Assert.Contains("| **no** |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ASoakIsShownByTheMinuteAndHowFarItDrifted()
    {
        double[] megabytes = [50, 100, 100, 104, 106];
        var minutes = megabytes.Select((figure, i) => Result($"minute {i + 1}", i + 1, 1000) with
        {
            Scenario = Scenarios.Soak,
            Extra = new() { ["MB"] = figure, ["longest partition"] = 7 },
        });

        var text = MarkdownReport.Write(new BenchReport(Conditions(), [.. minutes]));

        Assert.Contains("| minute 4 | 104 | 7 |", text, StringComparison.Ordinal);
        Assert.Contains(
            "On average from minute 2 to 2, and from minute 5 to 5: MB 100 → 106 (+6.0 %); longest partition 7 → 7 (0.0 %).",
            text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheChartIsXmlWithABarForEachSystem()
    {
        var chart = XDocument.Parse(BarChart.Write(s_report));

        Assert.Equal(3, chart.Descendants().Count(element => element.Name.LocalName == "line"));
    }

    [Fact]
    public void TheChartHasTheLatencyAtARateBesideTheThroughput()
    {
        var rate = Result(SubjectNames.Chatable, 1, 1000) with { Scenario = Scenarios.Rate };

        var chart = XDocument.Parse(BarChart.Write(new BenchReport(Conditions(), [.. s_report.Results, rate])));

        var texts = chart.Descendants().Where(element => element.Name.LocalName == "text")
            .Select(element => (X: (double)element.Attribute("x")!, element.Value)).ToArray();
        var p50 = Assert.Single(texts, text => text.Value.StartsWith("rate: p50", StringComparison.Ordinal)).X;
        Assert.True(p50 > texts.Where(text => text.Value.StartsWith("window-16", StringComparison.Ordinal)).Max(text => text.X));
        Assert.Equal(["1.5", "9"], texts.Where(text => text.X > p50).Select(text => text.Value));
    }

    private static RunResult Result(string subject, int round, double perSecond) => new()
    {
        Scenario = Scenarios.Window16,
        Subject = subject,
        Protocol = "v2",
        Round = round,
        Seconds = 1,
        PerSecond = perSecond,
        Counts = new Counts { Sent = 10, Delivered = 10, Acked = 10, Stored = 10 },
        Delivery = new Percentiles { P50 = 1.5, P99 = 9 },
        Ack = new Percentiles { P50 = 2.5 },
        CpuPerThousand = 0.12,
        AllocatedPerMessage = 1234,
        Megabytes = new() { ["api"] = 20, ["worker"] = 10 },
        Others = 0.1,
    };

    private static Conditions Conditions() => new()
    {
        Date = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Commit = "abc123",
        Processor = "a processor",
        Cores = 2,
        MemoryGigabytes = 8,
        System = "Linux",
        Runtime = ".NET",
        Postgres = "postgres",
        Redis = "Redis server v=7.0.15",
        Sharing = "processors shared out",
        Options = new BenchOptions(),
    };
}
