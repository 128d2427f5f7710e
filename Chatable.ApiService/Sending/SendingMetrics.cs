using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chatable.Messaging.Telemetry;

namespace Chatable.ApiService.Sending;

internal sealed class SendingMetrics
{
    public static readonly ActivitySource Source = new(TelemetryNames.Realtime);

    private readonly Histogram<double> _accept;

    public SendingMetrics(IMeterFactory meters) => _accept = meters.Create(TelemetryNames.Realtime).CreateHistogram(
        "chatable.realtime.accept.duration", "s", "Time from a frame's arrival until the intake has it.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5] });

    public void Accepted(TimeSpan duration) => _accept.Record(duration.TotalSeconds);
}
