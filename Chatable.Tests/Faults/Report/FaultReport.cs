using System.Globalization;
using System.Text;
using Chatable.Tests.Faults.Runs;

namespace Chatable.Tests.Faults.Report;

/// <summary>What <c>make faults</c> prints and writes.</summary>
internal static class FaultReport
{
    public static string Line(RunResult result)
    {
        var line = new StringBuilder();
        line.Append($"{result.Fault.Name,-4} seed {result.Seed}: {result.Sent} sent, {result.Acked} acked, {result.Info} unsure, ");
        line.Append($"{result.Resent} resent, {result.Suppressed} repeats told, {result.Repaired} by {result.Resumes} backlogs, ");
        line.Append($"{result.Traces.Held}/{result.Traces.Reconciled} repaired, {result.Traces.Takeovers} takeovers, ");
        line.Append($"recovered in {result.Recovery.TotalSeconds:0.0} s, {result.Violations.Count} violations");
        foreach (var violation in result.Violations)
            line.AppendLine().Append("     ").Append(violation);
        return line.ToString();
    }

    public static string Markdown(IReadOnlyList<RunResult> results, RunFacts about)
    {
        var text = new StringBuilder();
        text.AppendLine("# Faults").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{results.Count} classes, {about.Seconds} s of fault each unless it needs longer "
            + $"(F35 {about.Mixed.TotalMinutes:0} min), ended on {about.Ended:yyyy-MM-dd HH:mm} UTC, commit {about.Commit}.").AppendLine();
        text.AppendLine("| | fault | injected | expected | seed | sent | acked | unsure | resent | repeats told "
            + "| backlogs | by them | repaired "
            + "| recovered in | violations |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var one in results)
        {
            text.AppendLine($"| {one.Fault.Name} | {one.Fault.Title} | {one.Fault.Injected} | {one.Fault.Expected} | {one.Seed} "
                + $"| {one.Sent} | {one.Acked} | {one.Info} | {one.Resent} | {one.Suppressed} | {one.Resumes} | {one.Repaired} "
                + $"| {one.Traces.Held + one.Traces.Reconciled} "
                + $"| {one.Recovery.TotalSeconds:0.0} s | {one.Violations.Count} |");
        }

        text.AppendLine().AppendLine($"In all {Coverage.Of(results)}.");
        foreach (var one in results.Where(result => result.Chapters.Count > 0))
            ChapterReport.Write(text, one);
        foreach (var one in results.Where(result => result.Violations.Count > 0))
        {
            text.AppendLine().AppendLine($"## {one.Fault.Name}").AppendLine();
            foreach (var violation in one.Violations)
                text.AppendLine($"- {violation}");
        }

        return text.ToString();
    }
}
