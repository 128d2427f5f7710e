using System.Diagnostics;
using HdrHistogram;

namespace Chatable.Bench.Measures;

/// <summary>How long things took, to the microsecond, three digits of each.</summary>
internal sealed class Times
{
    private const long MostMicroseconds = 600_000_000;

    private readonly LongHistogram _histogram = new(1, MostMicroseconds, 3);

    public long Count => _histogram.TotalCount;

    /// <param name="from">A timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="to">A later one.</param>
    public void Add(long from, long to) =>
        _histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(from, to).TotalMicroseconds, 1, MostMicroseconds));

    public void Add(Times other) => _histogram.Add(other._histogram);

    public void Clear() => _histogram.Reset();

    public Percentiles Read() => Count == 0
        ? new Percentiles()
        : new Percentiles
        {
            P50 = At(50),
            P90 = At(90),
            P99 = At(99),
            P999 = At(99.9),
            Max = At(100),
        };

    private double At(double percentile) => _histogram.GetValueAtPercentile(percentile) / 1000.0;
}

/// <summary>Milliseconds; all zero where nothing was timed.</summary>
internal sealed record Percentiles
{
    public double P50 { get; init; }
    public double P90 { get; init; }
    public double P99 { get; init; }
    public double P999 { get; init; }
    public double Max { get; init; }
}
