using System.Diagnostics;

namespace Chatable.Messaging.Wire;

/// <summary>The W3C trace context of a message on its way through the queues; <c>default</c> if the message is not traced.</summary>
public readonly record struct TraceParent(ActivityTraceId TraceId, ActivitySpanId SpanId, ActivityTraceFlags Flags)
{
    private const int Length = 25;

    /// <summary>The current activity's context.</summary>
    public static TraceParent Current =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? new TraceParent(activity.TraceId, activity.SpanId, activity.ActivityTraceFlags)
            : default;

    public ActivityContext ToContext() =>
        this == default ? default : new ActivityContext(TraceId, SpanId, Flags, traceState: null, isRemote: true);

    // 16 bytes trace id, 8 bytes span id, 1 byte flags. All ids zero means no context.
    internal void Write(WireWriter writer)
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        writer.Raw(bytes);
    }

    // u8 0 for none; or u8 1, and the same 25 bytes.
    internal void WriteShort(WireWriter writer)
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        writer.Byte(IsNone(bytes) ? (byte)0 : (byte)1);
        if (!IsNone(bytes))
            writer.Raw(bytes);
    }

    internal static TraceParent ReadShort(ref WireReader reader)
    {
        var flag = reader.Byte();
        if (flag == 0)
            return default;
        var trace = Read(ref reader);
        if (flag != 1 || trace == default)
            reader.Fail();
        return trace;
    }

    internal static TraceParent Read(ref WireReader reader)
    {
        var bytes = reader.Raw(Length).Span;
        if (bytes.IsEmpty || IsNone(bytes))
            return default;
        return new TraceParent(
            ActivityTraceId.CreateFromBytes(bytes[..16]), ActivitySpanId.CreateFromBytes(bytes[16..24]), (ActivityTraceFlags)bytes[24]);
    }

    private static bool IsNone(ReadOnlySpan<byte> bytes) => !bytes[..24].ContainsAnyExcept((byte)0);

    private void CopyTo(Span<byte> bytes)
    {
        TraceId.CopyTo(bytes[..16]);
        SpanId.CopyTo(bytes[16..24]);
        bytes[24] = (byte)Flags;
    }
}
