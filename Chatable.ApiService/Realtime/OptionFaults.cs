using Chatable.ApiService.Http;

namespace Chatable.ApiService.Realtime;

/// <summary>What is wrong with the settings, all of it at once.</summary>
internal static class OptionFaults
{
    public static IEnumerable<string> Faults(this RealtimeOptions o) =>
    [
        .. OptionRange.Of(o.MaxFrameBytes, 256, 1024 * 1024, "Realtime:MaxFrameBytes"),
        .. OptionRange.Of(o.MaxMessageBytes, 1, o.MaxFrameBytes, "Realtime:MaxMessageBytes"),
        .. OptionRange.Of(o.FramesPerSecond, 1, 1_000_000, "Realtime:FramesPerSecond"),
        .. OptionRange.Of(o.FrameBurst, 1, 1_000_000, "Realtime:FrameBurst"),
        .. OptionRange.Positive(o.MaxThrottle, "Realtime:MaxThrottle"),
        .. OptionRange.Of(o.ControlFramesPerSecond, 1, 1_000_000, "Realtime:ControlFramesPerSecond"),
        .. OptionRange.Of(o.ControlFrameBurst, 1, 1_000_000, "Realtime:ControlFrameBurst"),
        .. OptionRange.Of(o.FloodWarnings, 1, 1_000_000, "Realtime:FloodWarnings"),
        .. OptionRange.Of(o.SocketsPerUser, 1, 1000, "Realtime:SocketsPerUser"),
        .. OptionRange.Of(o.MaxSockets, 1, 1_000_000, "Realtime:MaxSockets"),
        .. OptionRange.Of(o.Window, 1, 1000, "Realtime:Window"),
        .. OptionRange.Of(o.PendingSends, 1, 10_000, "Realtime:PendingSends"),
        .. OptionRange.Of(o.OutboundFrames, 2, 100_000, "Realtime:OutboundFrames"),
        .. OptionRange.Of(o.OutboundBytes, 2 * o.MaxFrameBytes, 1024 * 1024 * 1024, "Realtime:OutboundBytes"),
        .. OptionRange.Positive(o.TokenCheckInterval, "Realtime:TokenCheckInterval"),
        .. OptionRange.Positive(o.Times.Setup, "Realtime:Times:Setup"),
        .. OptionRange.Positive(o.Times.Hello, "Realtime:Times:Hello"),
        .. OptionRange.Positive(o.Times.Receive, "Realtime:Times:Receive"),
        .. OptionRange.Positive(o.Times.Send, "Realtime:Times:Send"),
        .. OptionRange.Positive(o.Times.Ping, "Realtime:Times:Ping"),
        .. OptionRange.Positive(o.Times.Pong, "Realtime:Times:Pong"),
        .. OptionRange.Positive(o.Times.Close, "Realtime:Times:Close"),
        .. OptionRange.Positive(o.Times.CloseSlow, "Realtime:Times:CloseSlow"),
        .. OptionRange.Positive(o.Drain.Sends, "Realtime:Drain:Sends"),
        .. OptionRange.Positive(o.Drain.Spread, "Realtime:Drain:Spread"),
        .. OptionRange.Of(o.Drain.AtOnce, 1, 1_000_000, "Realtime:Drain:AtOnce"),
        .. o.AllowedOrigins.Where(origin => !IsOrigin(origin)).Select(
            origin => $"Realtime:AllowedOrigins has '{origin}', which is no origin such as https://chat.example:8443."),
    ];

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text;
}
