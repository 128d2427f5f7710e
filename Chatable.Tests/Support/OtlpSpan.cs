using static Chatable.Tests.Support.Protobuf;

namespace Chatable.Tests.Support;

/// <summary>An exported span, with the <c>service.instance.id</c> of its process.</summary>
internal sealed record OtlpSpan(string Instance, string Name, string TraceId, string SpanId, string ParentSpanId)
{
    // ExportTraceServiceRequest: 1 resource spans { 1 resource { 1 attributes { 1 key, 2 value { 1 string } } },
    //   2 scope spans { 2 span { 1 trace id, 2 span id, 4 parent span id, 5 name } } }
    public static IEnumerable<OtlpSpan> ReadAll(byte[] request)
    {
        foreach (var resourceSpans in Fields(request, 1))
        {
            var attributes = Fields(resourceSpans, 1).SelectMany(resource => Fields(resource, 1));
            var instance = attributes.Where(attribute => Text(attribute, 1) == "service.instance.id")
                .Select(attribute => Text(Fields(attribute, 2).Single(), 1)).FirstOrDefault("");
            foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
                yield return new(instance, Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4));
        }
    }
}
