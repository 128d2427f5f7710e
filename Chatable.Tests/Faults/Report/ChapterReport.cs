using System.Globalization;
using System.Text;
using Chatable.Tests.Faults.Runs;

namespace Chatable.Tests.Faults.Report;

/// <summary>A long run chapter by chapter, and what its cluster used before all faults and after each chapter.</summary>
internal static class ChapterReport
{
    public static void Write(StringBuilder text, RunResult result)
    {
        text.AppendLine().AppendLine($"## {result.Fault.Name} in {result.Chapters.Count - 1} chapters").AppendLine();
        text.AppendLine("| chapter | at once | sent | acked | unsure | repeats told | recovered in | acked in the crowd | violations |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        var before = 0;
        foreach (var one in result.Chapters)
        {
            text.AppendLine($"| {one.Number} | {HandsOf(one)} | {one.Result.Sent} | {one.Result.Acked} | {one.Result.Info} "
                + $"| {one.Result.Suppressed} | {one.Result.Recovery.TotalSeconds:0.0} s | {one.CrowdAcked - before} "
                + $"| {one.Result.Violations.Count} |");
            before = one.CrowdAcked;
        }

        text.AppendLine().AppendLine($"How often each fault was underway: {TimesOf(result)}.").AppendLine();
        text.AppendLine("| after a chapter | before all faults | highest | after the last | at most |");
        text.AppendLine("| --- | --- | --- | --- | --- |");
        foreach (var first in result.Chapters[0].State)
        {
            double[] later =
                [.. result.Chapters.Skip(1).SelectMany(one => one.State).Where(one => one.What == first.What).Select(one => one.Value)];
            if (later.Length > 0)
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| {first.What} | {first.Value:#,0} | {later.Max():#,0} | {later[^1]:#,0} | {first.Limit:#,0} |");
        }
    }

    private static string HandsOf(Chapter chapter) => chapter.Hands.Count == 0
        ? "nothing" : string.Join("; ", chapter.Hands.Select(hand => string.Join(" + ", hand.Select(fault => fault.Name))));

    private static string TimesOf(RunResult result)
    {
        var underway = result.Chapters.SelectMany(one => one.Hands).SelectMany(hand => hand);
        return string.Join(", ", underway.CountBy(fault => fault.Name).OrderBy(one => one.Key, StringComparer.Ordinal)
            .Select(one => $"{one.Key} {one.Value}"));
    }
}
