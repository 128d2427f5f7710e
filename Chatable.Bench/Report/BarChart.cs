using System.Globalization;
using System.Security;
using System.Text;
using Chatable.Bench.Sessions;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Report;

/// <summary>Bars of messages a second, a group for each scenario, each with a line from the least to the most of the rounds.</summary>
internal static class BarChart
{
    private const int Width = 760, LabelWidth = 250, BarHeight = 22, GroupGap = 44, ValueWidth = 110;

    private static readonly string[] s_scenarios = [Scenarios.Window16, Scenarios.Window1];

    public static string Write(BenchReport report)
    {
        var body = new StringBuilder();
        var y = 10;
        foreach (var scenario in s_scenarios.Where(report.ScenarioNames.Contains))
        {
            body.AppendLine(CultureInfo.InvariantCulture,
                $"""<text x="0" y="{y + 14}" font-weight="bold">{scenario}: messages a second, delivered on another replica</text>""");
            y += 26;
            var summaries = report.Of(scenario).ToArray();
            var most = summaries.Max(summary => summary.PerSecond.Most);
            foreach (var summary in summaries)
            {
                Bar(body, summary, y, most);
                y += BarHeight + 6;
            }

            y += GroupGap - 26;
        }

        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {y}" width="{Width}" height="{y}"
                 font-family="sans-serif" font-size="13">
            <rect width="{Width}" height="{y}" fill="white"/>
            {body}</svg>

            """;
    }

    private static void Bar(StringBuilder body, Summary summary, int y, double most)
    {
        double Length(double value) => Math.Round(value / Math.Max(most, 1) * (Width - LabelWidth - ValueWidth), 1);
        var (median, least, greatest) = (summary.PerSecond.Median, summary.PerSecond.Least, summary.PerSecond.Most);
        var colour = summary.Subject == SubjectNames.Chatable ? "#1a6fb5" : "#b8bec6";
        var middle = y + (BarHeight / 2);
        var label = SecurityElement.Escape(SubjectLabel.Of(summary.Subject).Trim('*'));
        body.AppendLine(CultureInfo.InvariantCulture, $"""
            <text x="0" y="{middle + 4}">{label}</text>
            <rect x="{LabelWidth}" y="{y}" width="{Length(median)}" height="{BarHeight}" fill="{colour}"/>
            <line x1="{LabelWidth + Length(least)}" x2="{LabelWidth + Length(greatest)}" y1="{middle}" y2="{middle}" stroke="black"/>
            <text x="{LabelWidth + Length(greatest) + 8}" y="{middle + 4}">{median:N0}</text>
            """);
    }
}
