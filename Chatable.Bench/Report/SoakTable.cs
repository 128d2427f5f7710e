using System.Globalization;
using System.Text;
using Chatable.Bench.Measures;

namespace Chatable.Bench.Report;

/// <summary>What a soak has looked at beside its traffic, minute by minute, and how far it has drifted.</summary>
internal static class SoakTable
{
    private const int ShortestMinutes = 5;

    public static void Write(StringBuilder text, IReadOnlyList<RunResult> minutes)
    {
        var names = new Summary(minutes).Extras.ToArray();
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", names)} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- |{string.Concat(names.Select(_ => " ---: |"))}");
        foreach (var minute in minutes)
        {
            var figures = names.Select(name => Number(minute.Extra.GetValueOrDefault(name)));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {minute.Subject} | {string.Join(" | ", figures)} |");
        }

        if (minutes.Count >= ShortestMinutes)
            text.AppendLine().AppendLine(Drift(minutes, names));
    }

    // The first fifth is warm-up; of the rest the first third is held against the last one, so that no single minute decides.
    private static string Drift(IReadOnlyList<RunResult> minutes, IEnumerable<string> names)
    {
        var warm = minutes.Skip(minutes.Count / 5).ToArray();
        var third = warm.Length / 3;
        var (early, late) = (warm[..third], warm[^third..]);
        var drifts = names.Select(name =>
        {
            var (from, to) = (Mean(early, name), Mean(late, name));
            var change = from > 0 ? (to / from) - 1 : 0;
            return string.Create(CultureInfo.InvariantCulture, $"{name} {Number(from)} → {Number(to)} ({change:+0.0 %;-0.0 %;0.0 %})");
        });
        return $"On average from {Span(early)}, and from {Span(late)}: {string.Join("; ", drifts)}.";
    }

    private static string Span(RunResult[] minutes) =>
        string.Create(CultureInfo.InvariantCulture, $"{minutes[0].Subject} to {minutes[^1].Round}");

    private static double Mean(IEnumerable<RunResult> minutes, string name) =>
        minutes.Average(minute => minute.Extra.GetValueOrDefault(name));

    private static string Number(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}
