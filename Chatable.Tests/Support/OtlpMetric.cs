using static Chatable.Tests.Support.Protobuf;

namespace Chatable.Tests.Support;

/// <summary>An exported point of an instrument, with its string tags.</summary>
internal sealed record OtlpMetric(string Name, IReadOnlyDictionary<string, string> Tags)
{
    private const int Gauge = 5;
    private const int Sum = 7;
    private const int Histogram = 9;

    // The field of a metric's data for each kind, and the field of a point's attributes.
    private static readonly (int Data, int Attributes)[] s_kinds = [(Gauge, 7), (Sum, 7), (Histogram, 9)];

    // ExportMetricsServiceRequest: 1 resource metrics { 2 scope metrics { 2 metric { 1 name, 5 gauge { 1 point { 7 attributes } },
    //   7 sum { 1 point { 7 attributes } }, 9 histogram { 1 point { 9 attributes } } } } }
    public static IEnumerable<OtlpMetric> ReadAll(byte[] request) =>
        from resource in Fields(request, 1)
        from scope in Fields(resource, 2)
        from metric in Fields(scope, 2)
        from kind in s_kinds
        from data in Fields(metric, kind.Data)
        from point in Fields(data, 1)
        select new OtlpMetric(Text(metric, 1), Fields(point, kind.Attributes).ToDictionary(
            attribute => Text(attribute, 1), attribute => Text(Fields(attribute, 2).Single(), 1)));
}
