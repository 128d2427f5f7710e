using System.Diagnostics;
using Chatable.Messaging.Telemetry;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// Creates one span for a batch, and one for each traced message in it, as a child of the span that accepted the message. For a batch
/// without traced messages, only the flags are checked.
/// </summary>
internal readonly struct CommitSpans : IDisposable
{
    private static readonly ActivitySource s_source = new(TelemetryNames.Fanout);

    private readonly Activity? _batch;
    private readonly DateTimeOffset _started;

    private CommitSpans(Activity? batch) => (_batch, _started) = (batch, batch?.StartTimeUtc ?? default);

    public static CommitSpans Start(IReadOnlyList<PendingEntry> pending)
    {
        if (!s_source.HasListeners() || !pending.Any(one => IsSampled(one.Entry.Trace)))
            return default;

        var batch = s_source.StartActivity("chatable.commit_batch", ActivityKind.Consumer, parentContext: default);
        batch?.SetTag("messaging.batch.message_count", pending.Count);
        return new CommitSpans(batch);
    }

    /// <summary>Returns the outcomes. The trace of each stored message continues from its commit span.</summary>
    public IReadOnlyList<IDispatch> Continue(IReadOnlyList<IDispatch> outcomes)
    {
        if (_batch is not { } batch)
            return outcomes;

        ActivityLink[] link = [new(batch.Context)];
        var started = _started;
        return [.. outcomes.Select(outcome => outcome is EntryStored stored && IsSampled(stored.Trace)
            ? stored with { Trace = Commit(stored, link, started) }
            : outcome)];
    }

    public void Dispose() => _batch?.Dispose();

    private static TraceParent Commit(EntryStored stored, ActivityLink[] link, DateTimeOffset started)
    {
        using var span = s_source.StartActivity(
            TelemetryNames.CommitSpan, ActivityKind.Consumer, stored.Trace.ToContext(), tags: null, link, started);
        span?.SetTag("messaging.message.id", MessageEntry.PlaceOf(default, stored.Entry.AckFields.Span, seq: 0).MessageId.ToString());
        return span is null ? stored.Trace : new TraceParent(span.TraceId, span.SpanId, span.ActivityTraceFlags);
    }

    private static bool IsSampled(TraceParent trace) => trace.Flags.HasFlag(ActivityTraceFlags.Recorded);
}
