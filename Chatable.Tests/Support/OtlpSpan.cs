using System.Text;

namespace Chatable.Tests.Support;

/// <summary>A span as it was exported, with the <c>service.instance.id</c> of the process it comes from.</summary>
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

    private static string Text(byte[] message, int field) => Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault([]));

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault([]));

    // The length-delimited fields of that number; protobuf's other wire types are passed over.
    private static IEnumerable<byte[]> Fields(byte[] message, int field)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message, ref at);
                    break;
                case 1:
                    at += sizeof(ulong);
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    if ((int)(tag >> 3) == field)
                        yield return message[at..(at + length)];
                    at += length;
                    break;
                case 5:
                    at += sizeof(uint);
                    break;
                default:
                    throw new FormatException($"Wire type {tag & 7} at {at} of {message.Length}.");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }
}
