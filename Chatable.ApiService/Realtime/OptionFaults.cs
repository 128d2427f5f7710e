using System.Numerics;
using Chatable.ApiService.Http;
using Chatable.ApiService.Sending;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Realtime;

/// <summary>Lists all errors in the settings at once.</summary>
internal static class OptionFaults
{
    // A busy server could not keep to shorter times.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    // The size of a message's answer in pooled memory.
    private const int AnswerBytes = 512;

    // A welcome, a reset, the end of the backlog, and answers to pings.
    private const int LeastFrames = 16;

    public static IEnumerable<string> Faults(this RealtimeOptions o) =>
    [
        .. OptionRange.Of(o.MaxFrameBytes, MessageLimit.Envelope + 1, 1024 * 1024, "Realtime:MaxFrameBytes"),
        .. OptionRange.Of(
            o.MaxMessageBytes, 1, Math.Min(MessageLimit.Most, o.MaxFrameBytes - MessageLimit.Envelope), "Realtime:MaxMessageBytes"),
        .. OptionRange.Of(o.FramesPerSecond, 1, 1_000_000, "Realtime:FramesPerSecond"),
        .. OptionRange.Of(o.FrameBurst, 1, 1_000_000, "Realtime:FrameBurst"),
        .. OptionRange.Of(o.MaxThrottle, TimeSpan.FromMilliseconds(1), Silence(o.Times), "Realtime:MaxThrottle"),
        .. OptionRange.Of(o.ControlFramesPerSecond, 1, 1_000_000, "Realtime:ControlFramesPerSecond"),
        .. OptionRange.Of(o.ControlFrameBurst, 1, 1_000_000, "Realtime:ControlFrameBurst"),
        .. OptionRange.Of(o.FloodWarnings, 1, 1_000_000, "Realtime:FloodWarnings"),
        .. OptionRange.Of(o.SocketsPerUser, 1, 1000, "Realtime:SocketsPerUser"),
        .. OptionRange.Of(o.MaxSockets, 1, 1_000_000, "Realtime:MaxSockets"),
        .. OptionRange.Of(o.Window, 1, 1000, "Realtime:Window"),
        .. OptionRange.Of(o.PendingSends, 1, 10_000, "Realtime:PendingSends"),
        .. OptionRange.Of(o.OutboundFrames, LeastOutboundFrames(o), 100_000, "Realtime:OutboundFrames"),
        .. OptionRange.Of(o.OutboundBytes, LeastOutboundBytes(o), 1024 * 1024 * 1024, "Realtime:OutboundBytes"),
        .. OptionRange.Positive(o.TokenCheckInterval, "Realtime:TokenCheckInterval"),
        .. Time(o.Times.Setup, "Times:Setup"),
        .. Time(o.Times.Hello, "Times:Hello"),
        .. Time(o.Times.Receive, "Times:Receive"),
        .. Time(o.Times.Send, "Times:Send"),
        .. Time(o.Times.Ping, "Times:Ping"),
        .. Time(o.Times.Pong, "Times:Pong"),
        .. Time(o.Times.Close, "Times:Close"),
        .. Time(o.Times.CloseSlow, "Times:CloseSlow"),
        .. OptionRange.Positive(o.Drain.Sends, "Realtime:Drain:Sends"),
        .. OptionRange.Positive(o.Drain.Spread, "Realtime:Drain:Spread"),
        .. o.Drain.Sends + o.Drain.Spread + o.Times.Close > RealtimeFeature.ShutdownTimeout
            ? (string[])["Realtime:Drain:Sends, Realtime:Drain:Spread and Realtime:Times:Close must be 25 s at most, all together."] : [],
        .. OptionRange.Of(o.Drain.AtOnce, 1, 1_000_000, "Realtime:Drain:AtOnce"),
        .. o.AllowedOrigins.Where(origin => !IsOrigin(origin)).Select(
            origin => $"Realtime:AllowedOrigins has '{origin}', which is no origin such as https://chat.example:8443."),
    ];

    private static IEnumerable<string> Time(TimeSpan value, string name) =>
        OptionRange.Of(value, s_shortest, s_longest, $"Realtime:{name}");

    private static TimeSpan Silence(SocketTimes times) =>
        times.Ping < s_longest && times.Pong < s_longest ? times.Ping + times.Pong : s_longest;

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
