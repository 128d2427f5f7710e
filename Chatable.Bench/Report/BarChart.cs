using System.Globalization;
using System.Security;
using System.Text;
using Chatable.Bench.Measures;
using Chatable.Bench.Sessions;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Report;

/// <summary>
/// Bars of messages a second, and beside them of latency: a group for each scenario or percentile, in which each system has a bar and a
/// line from the least to the most of the rounds.
/// </summary>
internal static class BarChart
{
    private const int GroupWidth = 640, LabelWidth = 240, BarHeight = 22, RowHeight = 28, HeadHeight = 26, GroupGap = 18, ValueWidth = 90;

    private static readonly Group[][] s_columns =
    [
        [
            new(Scenarios.Window16, "messages a second, delivered on another replica", round => round.PerSecond, "N0"),
            new(Scenarios.Window1, "messages a second, delivered on another replica", round => round.PerSecond, "N0"),
        ],
        [
            new(Scenarios.Rate, "p50 until delivery in ms; shorter is better", round => round.Delivery.P50, "0.##"),
            new(Scenarios.Rate, "p99 until delivery in ms; shorter is better", round => round.Delivery.P99, "0.#"),
        ],
    ];

    public static string Write(BenchReport report)
    {
        var body = new StringBuilder();
        var (width, height) = (0, 0);
        foreach (var column in s_columns)
        {
            var y = 10;
            foreach (var group in column.Where(group => report.ScenarioNames.Contains(group.Scenario)))
                y = Draw(body, group, [.. report.Of(group.Scenario)], width, y);
            width += y > 10 ? GroupWidth : 0;
            height = Math.Max(height, y);
        }

        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
                 font-family="sans-serif" font-size="13">
            <rect width="{width}" height="{height}" fill="white"/>
            {body}</svg>

            """;
    }

    /// <returns>Where the next group of the column begins.</returns>
    private static int Draw(StringBuilder body, Group group, Summary[] summaries, int x, int y)
    {
        body.AppendLine(CultureInfo.InvariantCulture,
            $"""<text x="{x}" y="{y + 14}" font-weight="bold">{group.Scenario}: {group.Title}</text>""");
        y += HeadHeight;
        var most = summaries.Max(summary => summary.Over(group.Figure).Most);
        foreach (var summary in summaries)
        {
            var isOurs = summary.Subject == SubjectNames.Chatable;
            Bar(body, SubjectLabel.Of(summary.Subject).Trim('*'), isOurs, summary.Over(group.Figure), most, group.Format, x, y);
            y += RowHeight;
        }

        return y + GroupGap;
    }

    private static void Bar(StringBuilder body, string name, bool isOurs, Spread figure, double most, string format, int x, int y)
    {
        var start = x + LabelWidth;
        double Length(double value) => most > 0 ? Math.Round(value / most * (GroupWidth - LabelWidth - ValueWidth), 1) : 0;
        var middle = y + (BarHeight / 2);
        var value = figure.Median.ToString(format, CultureInfo.InvariantCulture);
        body.AppendLine(CultureInfo.InvariantCulture, $"""
            <text x="{x}" y="{middle + 4}">{SecurityElement.Escape(name)}</text>
            <rect x="{start}" y="{y}" width="{Length(figure.Median)}" height="{BarHeight}" fill="{(isOurs ? "#1a6fb5" : "#b8bec6")}"/>
            <line x1="{start + Length(figure.Least)}" x2="{start + Length(figure.Most)}" y1="{middle}" y2="{middle}" stroke="black"/>
            <text x="{start + Length(figure.Most) + 8}" y="{middle + 4}">{value}</text>
            """);
    }

    private sealed record Group(string Scenario, string Title, Func<RunResult, double> Figure, string Format);
}
