using System.Diagnostics;

namespace Chatable.Messaging.Wire;

/// <summary>The W3C trace context of a message on its way through the queues; <c>default</c> where nobody traces it.</summary>
public readonly record struct TraceParent(ActivityTraceId TraceId, ActivitySpanId SpanId, ActivityTraceFlags Flags)
{
    /// <summary>The current activity's context.</summary>
    public static TraceParent Current =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? new TraceParent(activity.TraceId, activity.SpanId, activity.ActivityTraceFlags)
            : default;

    public ActivityContext ToContext() =>
        this == default ? default : new ActivityContext(TraceId, SpanId, Flags, traceState: null, isRemote: true);

    // 16 bytes trace id, 8 bytes span id, 1 byte flags; all zero means none.
    internal void Write(WireWriter writer)
    {
        Span<byte> bytes = stackalloc byte[25];
        TraceId.CopyTo(bytes[..16]);
        SpanId.CopyTo(bytes[16..24]);
        bytes[24] = (byte)Flags;
        writer.Raw(bytes);
    }

    internal static TraceParent Read(ref WireReader reader)
    {
        var bytes = reader.Raw(25).Span;
        if (bytes.IsEmpty || !bytes[..24].ContainsAnyExcept((byte)0))
            return default;
        return new TraceParent(
            ActivityTraceId.CreateFromBytes(bytes[..16]), ActivitySpanId.CreateFromBytes(bytes[16..24]), (ActivityTraceFlags)bytes[24]);
    }
}
