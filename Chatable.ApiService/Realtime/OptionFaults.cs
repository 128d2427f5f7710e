namespace Chatable.ApiService.Realtime;

/// <summary>What is wrong with the settings, all of it at once.</summary>
internal static class OptionFaults
{
    public static IEnumerable<string> Faults(this RealtimeOptions o) =>
    [
        .. Within(o.MaxFrameBytes, 256, 1024 * 1024, "Realtime:MaxFrameBytes"),
        .. Within(o.MaxMessageBytes, 1, o.MaxFrameBytes, "Realtime:MaxMessageBytes"),
        .. Within(o.FramesPerSecond, 1, 1_000_000, "Realtime:FramesPerSecond"),
        .. Within(o.FrameBurst, 1, 1_000_000, "Realtime:FrameBurst"),
        .. Within(o.FloodWarnings, 1, 1_000_000, "Realtime:FloodWarnings"),
        .. Within(o.SocketsPerUser, 1, 1000, "Realtime:SocketsPerUser"),
        .. Within(o.MaxSockets, 1, 1_000_000, "Realtime:MaxSockets"),
        .. Within(o.Window, 1, 1000, "Realtime:Window"),
        .. Within(o.PendingSends, 1, 10_000, "Realtime:PendingSends"),
        .. Within(o.OutboundFrames, 2, 100_000, "Realtime:OutboundFrames"),
        .. Within(o.OutboundBytes, 2 * o.MaxFrameBytes, 1024 * 1024 * 1024, "Realtime:OutboundBytes"),
        .. Positive(o.TokenCheckInterval, "Realtime:TokenCheckInterval"),
        .. Positive(o.Times.Setup, "Realtime:Times:Setup"),
        .. Positive(o.Times.Hello, "Realtime:Times:Hello"),
        .. Positive(o.Times.Receive, "Realtime:Times:Receive"),
        .. Positive(o.Times.Send, "Realtime:Times:Send"),
        .. Positive(o.Times.Ping, "Realtime:Times:Ping"),
        .. Positive(o.Times.Pong, "Realtime:Times:Pong"),
        .. Positive(o.Times.Close, "Realtime:Times:Close"),
        .. Positive(o.Times.CloseSlow, "Realtime:Times:CloseSlow"),
        .. Positive(o.Drain.Sends, "Realtime:Drain:Sends"),
        .. Positive(o.Drain.Spread, "Realtime:Drain:Spread"),
        .. Within(o.Drain.AtOnce, 1, 1_000_000, "Realtime:Drain:AtOnce"),
        .. o.AllowedOrigins.Where(origin => !IsOrigin(origin)).Select(
            origin => $"Realtime:AllowedOrigins has '{origin}', which is no origin such as https://chat.example:8443."),
    ];

    public static IEnumerable<string> Faults(this DeliveryOptions o) =>
    [
        .. Positive(o.Hold, "Realtime:Delivery:Hold"),
        .. Within(o.HoldLimit, 1, 100_000, "Realtime:Delivery:HoldLimit"),
        .. Within(o.PageSize, 1, 1000, "Realtime:Delivery:PageSize"),
        .. Within(o.ConcurrentReads, 1, 1000, "Realtime:Delivery:ConcurrentReads"),
        .. Positive(o.ReadTimeout, "Realtime:Delivery:ReadTimeout"),
        .. Positive(o.Poll, "Realtime:Delivery:Poll"),
        .. Within(o.QueueBatches, 1, 10_000, "Realtime:Delivery:QueueBatches"),
        .. Positive(o.ReconcileInterval, "Realtime:Delivery:ReconcileInterval"),
        .. Positive(o.ReconcilePatience, "Realtime:Delivery:ReconcilePatience"),
        .. Positive(o.RegistrationRefresh, "Realtime:Delivery:RegistrationRefresh"),
    ];

    private static IEnumerable<string> Within(int value, int least, int most, string name) =>
        value >= least && value <= most ? [] : [$"{name} must be {least} to {most}."];

    // Timers take no more than 49 days.
    private static IEnumerable<string> Positive(TimeSpan value, string name) =>
        value > TimeSpan.Zero && value <= TimeSpan.FromDays(1) ? [] : [$"{name} must be positive, and a day at most."];

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text;
}
