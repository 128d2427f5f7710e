using System.Globalization;
using System.Text;
using Chatable.Bench.Measures;
using Chatable.Bench.Sessions;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Report;

/// <summary>The report as Markdown: what docs/performance.md quotes.</summary>
internal static class MarkdownReport
{
    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        foreach (var line in report.Conditions.Lines())
            text.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        text.AppendLine(CultureInfo.InvariantCulture, $"- {Verdict(report)}").AppendLine();
        text.AppendLine("Medians (least–most of the rounds). Times in ms, from the moment a message was due.").AppendLine();
        foreach (var scenario in report.ScenarioNames)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"### {scenario}").AppendLine();
            if (Scenarios.Traffic.Contains(scenario))
                Traffic(text, report, scenario);
            else
                Others(text, report, scenario);
            if (scenario == Scenarios.Soak)
                SoakTable.Write(text, [.. report.Results.Where(result => result.Scenario == scenario)]);
            text.AppendLine();
        }

        return text.ToString();
    }

    private static string Verdict(BenchReport report)
    {
        var messages = report.Results.Sum(result => result.Counts.Sent);
        var wrong = report.Wrong.Count();
        return string.Create(CultureInfo.InvariantCulture, $"{messages:N0} messages sent; ")
            + (wrong == 0 ? "lost, duplicated, reordered, not stored: none, in every run" : $"{wrong} RUNS WERE WRONG");
    }

    private static void Traffic(StringBuilder text, BenchReport report, string scenario)
    {
        text.AppendLine("| system | messages/s | × (a) | × (b) | × (c) | delivery p50 | p99 | p99.9 | max | ack p50 | p99 "
            + "| CPU s/1000 | allocated B | MB | others | right |");
        text.AppendLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
        foreach (var summary in report.Of(scenario))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {SubjectLabel.Of(summary.Subject)} | {Range(summary.PerSecond, "N0")} ");
            foreach (var reference in (string[])[SubjectNames.Relay, SubjectNames.SignalRStored, SubjectNames.SignalR])
                text.Append(CultureInfo.InvariantCulture, $"| {RatioOf(report, scenario, summary.Subject, reference)} ");
            Figures(text, summary);
        }

        text.AppendLine().AppendLine("| system | CPU s/1000 by process | MB by process | load generator's CPU s/1000 |");
        text.AppendLine("| --- | --- | --- | ---: |");
        foreach (var summary in report.Of(scenario))
            ByProcess(text, summary);
    }

    private static void ByProcess(StringBuilder text, Summary summary)
    {
        static double Thousands(RunResult round) => Math.Max(round.PerSecond * round.Seconds / 1000, 0.001);
        string List(Func<RunResult, string, double> figure, string format) => string.Join(", ", summary.Rounds[0].Cpu.Keys.Select(
            process => $"{process} {Number(summary.Over(round => figure(round, process)).Median, format)}"));
        var cpu = List((round, process) => round.Cpu.GetValueOrDefault(process) / Thousands(round), "0.000");
        var memory = List((round, process) => round.Megabytes.GetValueOrDefault(process), "0");
        var load = summary.Over(round => round.LoadCpu / Thousands(round)).Median;
        text.AppendLine(CultureInfo.InvariantCulture, $"| {SubjectLabel.Of(summary.Subject)} | {cpu} | {memory} | {load:0.0000} |");
    }

    private static void Figures(StringBuilder text, Summary summary)
    {
        (Func<RunResult, double> Figure, string Format)[] figures =
        [
            (round => round.Delivery.P50, "0.##"), (round => round.Delivery.P99, "0.#"), (round => round.Delivery.P999, "0.#"),
            (round => round.Delivery.Max, "0"), (round => round.Ack.P50, "0.##"), (round => round.Ack.P99, "0.#"),
            (round => round.CpuPerThousand, "0.000"), (round => round.AllocatedPerMessage, "#,#"),
            (round => round.Megabytes.Values.Sum(), "0"), (round => round.Others, "P0"),
        ];
        foreach (var (figure, format) in figures)
            text.Append(CultureInfo.InvariantCulture, $"| {Number(summary.Over(figure).Median, format)} ");
        text.AppendLine(CultureInfo.InvariantCulture, $"| {(summary.AreRight ? "yes" : "**no**")} |");
    }

    private static void Others(StringBuilder text, BenchReport report, string scenario)
    {
        text.AppendLine("| system | per second | p50 | p99 | max | CPU s/1000 | others | |");
        text.AppendLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
        foreach (var summary in report.Of(scenario))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {SubjectLabel.Of(summary.Subject)} | {Range(summary.PerSecond, "N0")} ");
            (Func<RunResult, double> Figure, string Format)[] figures =
            [
                (round => round.Delivery.P50, "0.##"), (round => round.Delivery.P99, "0.#"), (round => round.Delivery.Max, "0"),
                (round => round.CpuPerThousand, "0.000"), (round => round.Others, "P0"),
            ];
            foreach (var (figure, format) in figures)
                text.Append(CultureInfo.InvariantCulture, $"| {Number(summary.Over(figure).Median, format)} ");
            var extras = summary.Extras.Select(name =>
                $"{name} {Range(summary.Over(round => round.Extra.GetValueOrDefault(name)), "#,0.##")}");
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join("; ", extras)} |");
        }
    }

    private static string RatioOf(BenchReport report, string scenario, string subject, string reference) =>
        subject == reference || report.Ratio(scenario, subject, reference) is not { } ratio ? "" : Range(ratio, "0.00");

    // 12,345 (11,000–13,000), or the one there is
    private static string Range(Spread spread, string format) => spread.Least == spread.Most
        ? Number(spread.Median, format)
        : $"{Number(spread.Median, format)} ({Number(spread.Least, format)}–{Number(spread.Most, format)})";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
