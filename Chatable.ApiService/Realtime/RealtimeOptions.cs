using System.ComponentModel.DataAnnotations;
using Chatable.ApiService.Sending;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime;

/// <summary>Section <c>Realtime</c>: what one socket, one user and one process may use.</summary>
internal sealed class RealtimeOptions
{
    public const string Section = "Realtime";

    /// <summary>
    /// Largest frame accepted from a client, in bytes over all its fragments; a larger one closes with 1009. Must be at least a kilobyte
    /// more than <see cref="MaxMessageBytes"/>, and several times as much if clients escape all that JSON allows.
    /// </summary>
    [Range(MessageLimit.Envelope + 1, 1024 * 1024)]
    public int MaxFrameBytes { get; set; } = 16 * 1024;

    /// <summary>
    /// Largest message, in bytes of UTF-8. A larger one is refused, and the connection stays open. At most 64,512: more does not fit into a
    /// request, and the database accepts 65,536.
    /// </summary>
    [Range(1, MessageLimit.Most)]
    public int MaxMessageBytes { get; set; } = 8 * 1024;

    /// <summary>
    /// Sustained rate of frames per connection. A faster client is slowed down, because its socket is read no faster. Load tests raise it.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FramesPerSecond { get; set; } = 10;

    /// <summary>
    /// Frames that a connection may send at once after a pause. At its beginning, a v2 connection may always send its hello and a whole
    /// <see cref="Window"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FrameBurst { get; set; } = 30;

    /// <summary>
    /// How long the server may delay reading a client that sends too fast: over its rate, or while <see cref="PendingSends"/> of its
    /// messages wait. After that it reads the next frame anyway, and refuses it if there is still no room. Must not exceed a client's
    /// permitted silence (<see cref="SocketTimes.Ping"/> plus <see cref="SocketTimes.Pong"/>), because a client that vanishes while it is
    /// slowed down is detected that much later.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "2.00:00:00")]
    public TimeSpan MaxThrottle { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Sustained rate of pings, pongs and other control frames per client. A faster client is slowed down, too.
    /// </summary>
    [Range(1, 1_000_000)]
    public int ControlFramesPerSecond { get; set; } = 10;

    /// <summary>Control frames that a client may send at once after a pause.</summary>
    [Range(1, 1_000_000)]
    public int ControlFrameBurst { get; set; } = 60;

    /// <summary>
    /// Frames refused for exceeding the rate, despite <see cref="MaxThrottle"/>, before the connection closes with 4429. One is forgiven
    /// each second.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FloodWarnings { get; set; } = 100;

    /// <summary>
    /// Sockets of one user on this server. One more closes another: first one whose client may be gone, then the oldest of the same device,
    /// then the oldest of all. A v2 client that has not sent its hello may exceed the limit by one until then.
    /// </summary>
    [Range(1, 1000)]
    public int SocketsPerUser { get; set; } = 8;

    /// <summary>
    /// Sockets of this server. Beyond it, handshakes are refused. Lower if the process may not open that many files.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxSockets { get; set; } = 20_000;

    /// <summary>
    /// Exact values of the Origin header that may connect. Empty allows all. A request without the header does not come from a browser.
    /// </summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Messages of one v2 connection without an ack. Beyond it, messages are answered "busy".</summary>
    [Range(1, 1000)]
    public int Window { get; set; } = 32;

    /// <summary>
    /// Messages of one connection that wait for the intake, and frames that wait for the answer to a v2 client's hello. Beyond it, the
    /// client is not read until there is room. If <see cref="MaxThrottle"/> passes first, messages are answered "busy", and a connection
    /// that still waits for the answer to its hello is closed with 1013.
    /// </summary>
    [Range(1, 10_000)]
    public int PendingSends { get; set; } = 64;

    /// <summary>
    /// Frames that wait for a slow reader; <see cref="OutboundBytes"/> limits their bytes. Beyond either, the connection closes with 1013.
    /// Messages take at most half. Pushes that come ahead of their turn or find no room are held, up to the same number of bytes again.
    /// Further messages wait in PostgreSQL until the client has read. The other half has room for an answer to each message of a
    /// <see cref="Window"/>. Each half has room for the largest message. A message stored under a larger limit is sent anyway.
    /// </summary>
    [Range(1, 100_000)]
    public int OutboundFrames { get; set; } = 256;

    /// <inheritdoc cref="OutboundFrames"/>
    [Range(1, 1024 * 1024 * 1024)]
    public int OutboundBytes { get; set; } = 512 * 1024;

    /// <summary>
    /// How often the tokens of open sockets and waiting requests are checked, in case a revocation announcement was lost.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan TokenCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    [ValidateObjectMembers]
    public SocketTimes Times { get; set; } = new();

    [ValidateObjectMembers]
    public DrainOptions Drain { get; set; } = new();
}

/// <summary>Section <c>Realtime:Times</c>: the time limits of a socket.</summary>
internal sealed class SocketTimes
{
    /// <summary>
    /// From the handshake to the answer; past it the handshake is refused with 503. Also from a v2 client's hello to the welcome; past it
    /// the connection is closed with 1013.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Setup { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From the handshake to a v2 client's hello; past it the connection is closed with 4408.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Hello { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From the first byte of a frame to its last.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Receive { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Until the client's side accepts one frame.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Send { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// From the client's last frame to the server's ping; up to a quarter more, because the runtime checks only that often. Also from the
    /// server's last frame to a <c>ping</c> frame for v2 clients, because some clients cannot see WebSocket pings. Sent as
    /// <c>heartbeat_ms</c> in the welcome.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Ping { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// From the server's ping to the next byte of the client, its pong or any other; up to 1 s more, because the check runs twice a second.
    /// A client that vanished is therefore disconnected within 16 s of a ping, and within 41 s of its last byte.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Pong { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>From the server's close frame to the client's; then the connection is aborted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Close { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Like <see cref="Close"/>, for a reader that is too slow to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan CloseSlow { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>Section <c>Realtime:Drain</c>: how a stopping server disconnects its clients.</summary>
/// <remarks>The sum of these times and <see cref="SocketTimes.Close"/> must fit into the 25 s that the process has to stop.</remarks>
internal sealed class DrainOptions
{
    /// <summary>The time for messages taken before the stop to reach the intake.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan Sends { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time over which the closes are spread, so that clients do not all reconnect at the same moment. V2 clients are told to reconnect
    /// within it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan Spread { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many sockets are closed at once.</summary>
    [Range(1, 1_000_000)]
    public int AtOnce { get; set; } = 100;
}

[OptionsValidator]
internal sealed partial class RealtimeOptionsValidator : IValidateOptions<RealtimeOptions>;
