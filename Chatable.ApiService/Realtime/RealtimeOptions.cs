namespace Chatable.ApiService.Realtime;

/// <summary>Section <c>Realtime</c>: what one socket, one user and one process may use.</summary>
internal sealed class RealtimeOptions
{
    public const string Section = "Realtime";

    /// <summary>
    /// Largest frame taken from a client, in bytes over all its fragments; more closes with 1009. At least a kilobyte more than
    /// <see cref="MaxMessageBytes"/>, and several times as much where clients escape what JSON lets them.
    /// </summary>
    public int MaxFrameBytes { get; set; } = 16 * 1024;

    /// <summary>
    /// Largest message, in bytes of UTF-8; more is refused, the connection stays. At most 64,512: more does not fit into a
    /// request, and the database takes 65,536.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 8 * 1024;

    /// <summary>
    /// Frames a connection may send in the long run; a faster one is slowed down, as it is read no faster. Load tests raise it.
    /// </summary>
    public int FramesPerSecond { get; set; } = 10;

    /// <summary>
    /// Frames a connection may send at once after a pause. At its beginning a v2 connection may in any case send its hello and a whole
    /// <see cref="Window"/>.
    /// </summary>
    public int FrameBurst { get; set; } = 30;

    /// <summary>
    /// How long the server may put off reading a client that sends too fast: over its rate, or while <see cref="PendingSends"/> of its
    /// messages wait. After that the next frame is read all the same, and refused where there is still no place for it. No longer than a
    /// client's silence may be (<see cref="SocketTimes.Ping"/> and <see cref="SocketTimes.Pong"/> together), since a client that vanished
    /// while it was slowed down is noticed so much later.
    /// </summary>
    public TimeSpan MaxThrottle { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Pings, pongs and other control frames a client may send in the long run; what is more is slowed down, too.
    /// </summary>
    public int ControlFramesPerSecond { get; set; } = 10;

    /// <summary>Control frames a client may send at once after a pause.</summary>
    public int ControlFrameBurst { get; set; } = 60;

    /// <summary>
    /// Frames refused for coming over the rate, in spite of <see cref="MaxThrottle"/>, before 4429; one is forgiven each second.
    /// </summary>
    public int FloodWarnings { get; set; } = 100;

    /// <summary>
    /// Sockets of one user on this server. One more closes another: first one whose client may be gone, then the oldest of the same
    /// device, at last the oldest. A v2 client that has not said hello yet may be one too many until then.
    /// </summary>
    public int SocketsPerUser { get; set; } = 8;

    /// <summary>
    /// Sockets of this server; past it the handshake is refused. Fewer where the process may not open as many files.
    /// </summary>
    public int MaxSockets { get; set; } = 20_000;

    /// <summary>
    /// Exact values of the Origin header that may connect; empty allows all. A request without the header is no browser's.
    /// </summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Messages of one v2 connection that have no ack yet; past it they are answered "busy".</summary>
    public int Window { get; set; } = 32;

    /// <summary>
    /// Messages of one connection that wait for the intake, and frames that wait for the answer to a v2 client's hello; past it the client
    /// is not read until there is room. Where <see cref="MaxThrottle"/> passes before that, messages are answered "busy", and a connection
    /// without the answer to its hello is closed with 1013.
    /// </summary>
    public int PendingSends { get; set; } = 64;

    /// <summary>
    /// Frames that wait for a slow reader, and <see cref="OutboundBytes"/> their bytes; past either it is closed with 1013. Messages take
    /// half of it at most, and pushes that come ahead of their turn or find no room are held in as many bytes again: what is more waits in
    /// PostgreSQL, until the client has read. The other half has room for an answer to each message of a <see cref="Window"/>, and either
    /// for the largest message; one that was taken when more was allowed is sent all the same.
    /// </summary>
    public int OutboundFrames { get; set; } = 256;

    /// <inheritdoc cref="OutboundFrames"/>
    public int OutboundBytes { get; set; } = 512 * 1024;

    /// <summary>How often the tokens of open sockets and waiting requests are looked up, in case word of a revocation was lost.</summary>
    public TimeSpan TokenCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    public SocketTimes Times { get; set; } = new();

    public DrainOptions Drain { get; set; } = new();
}

/// <summary>Section <c>Realtime:Times</c>: how long a socket may take for what.</summary>
internal sealed class SocketTimes
{
    /// <summary>
    /// From the handshake to the answer; past it the handshake is refused with 503. And from a v2 client's hello to the welcome; past
    /// it the connection is closed with 1013.
    /// </summary>
    public TimeSpan Setup { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From the handshake to a v2 client's hello; past it the connection is closed with 4408.</summary>
    public TimeSpan Hello { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From the first byte of a frame to its last.</summary>
    public TimeSpan Receive { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Until the client's side takes one frame.</summary>
    public TimeSpan Send { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// From the last frame of the client to our ping; up to a quarter more, as the runtime looks only so often. And from our last frame
    /// to a v2 client to a <c>ping</c> frame, for clients that do not see the other: the welcome's <c>heartbeat_ms</c>.
    /// </summary>
    public TimeSpan Ping { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// From our ping to the next byte of the client, its pong or any other; up to 1 s more, as that is looked for twice a second. So a client
    /// that vanished is let go within 16 s of a ping, and within 41 s of its last sign.
    /// </summary>
    public TimeSpan Pong { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>From our close frame to the client's; then the connection is aborted.</summary>
    public TimeSpan Close { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The same for a reader too slow to expect an answer from.</summary>
    public TimeSpan CloseSlow { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>Section <c>Realtime:Drain</c>: how a server that is asked to stop lets its clients go.</summary>
/// <remarks>All of it, and <see cref="SocketTimes.Close"/>, within the 25 s the process has for its stop.</remarks>
internal sealed class DrainOptions
{
    /// <summary>How long messages taken before the stop may need to reach the intake.</summary>
    public TimeSpan Sends { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time over which the closes are spread, so that not everyone reconnects at the same moment; v2 clients are told to have
    /// reconnected within it.
    /// </summary>
    public TimeSpan Spread { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Up to this many sockets are closed at once.</summary>
    public int AtOnce { get; set; } = 100;
}
