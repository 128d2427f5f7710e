using System.Numerics;
using Chatable.ApiService.Sending;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Realtime;

/// <summary>Lists the settings that contradict each other.</summary>
internal static class OptionContradictions
{
    // The size of a message's answer in pooled memory.
    private const int AnswerBytes = 512;

    // A welcome, a reset, the end of the backlog, and answers to pings.
    private const int LeastFrames = 16;

    public static IEnumerable<string> Contradictions(this RealtimeOptions o)
    {
        if (o.MaxMessageBytes > o.MaxFrameBytes - MessageLimit.Envelope)
            yield return $"Realtime:MaxMessageBytes must be at least {MessageLimit.Envelope} less than Realtime:MaxFrameBytes.";
        if (o.MaxThrottle.TotalSeconds > o.Times.Ping.TotalSeconds + o.Times.Pong.TotalSeconds)
            yield return "Realtime:MaxThrottle must be at most Realtime:Times:Ping and Realtime:Times:Pong together.";
        if (o.OutboundFrames < LeastOutboundFrames(o))
            yield return $"Realtime:OutboundFrames must be at least {LeastOutboundFrames(o)}, by Realtime:Window.";
        if (o.OutboundBytes < LeastOutboundBytes(o))
            yield return $"Realtime:OutboundBytes must be at least {LeastOutboundBytes(o)}, by Realtime:MaxMessageBytes, MaxFrameBytes and Window.";
        if (o.Drain.Sends.TotalSeconds + o.Drain.Spread.TotalSeconds + o.Times.Close.TotalSeconds > RealtimeFeature.ShutdownTimeout.TotalSeconds)
            yield return "Realtime:Drain:Sends, Realtime:Drain:Spread and Realtime:Times:Close must be 25 s at most, all together.";
        foreach (var origin in o.AllowedOrigins.Where(origin => !IsOrigin(origin)))
            yield return $"Realtime:AllowedOrigins has '{origin}', which is no origin such as https://chat.example:8443.";
    }

    // Half of the queue is for answers, and there may be one for each message of a window.
    internal static int LeastOutboundFrames(RealtimeOptions o) => Math.Max(LeastFrames, 2 * Math.Clamp(o.Window, 1, 1000));

    // The pool rounds sizes up to a power of two.
    internal static int LeastOutboundBytes(RealtimeOptions o)
    {
        var largest = V2Frames.MaxBytes(Math.Clamp(o.MaxMessageBytes, 1, MessageLimit.Most));
        var half = Math.Max((int)BitOperations.RoundUpToPowerOf2((uint)largest), AnswerBytes * Math.Clamp(o.Window, 1, 1000));
        return 2 * Math.Max(half, Math.Clamp(o.MaxFrameBytes, 1, 1024 * 1024));
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text;
}
