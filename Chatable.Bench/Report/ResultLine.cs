using System.Globalization;
using Chatable.Bench.Measures;

namespace Chatable.Bench.Report;

/// <summary>A result as it is said when it is there.</summary>
internal static class ResultLine
{
    public static string Of(RunResult result)
    {
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{result.Scenario,-12} {result.Subject,-32} {result.PerSecond,10:N0}/s")
            + (result.Delivery.Max == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $"  p50 {result.Delivery.P50:0.##} ms  p99 {result.Delivery.P99:0.##} ms"))
            + string.Create(CultureInfo.InvariantCulture, $"  CPU {result.CpuPerThousand:0.000} s/1000  others {result.Others:P0}");
        foreach (var (name, value) in result.Extra)
            line += string.Create(CultureInfo.InvariantCulture, $"  {name} {value:N1}");
        return result.Counts.AreRight ? line : $"{line}  WRONG";
    }
}
