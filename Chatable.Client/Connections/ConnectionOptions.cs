using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>Where a device begins whose store is empty.</summary>
public enum ChatStart
{
    /// <summary>With everything that the server keeps of the user's log.</summary>
    Beginning,

    /// <summary>With what comes from now on. What was stored before is only in <see cref="ChatHistory"/>.</summary>
    Now,
}

/// <summary>How a connection behaves.</summary>
public sealed class ConnectionOptions
{
    /// <summary>What the user calls this device; for the server's logs. Null sends none.</summary>
    public string? Device { get; set; }

    /// <summary>What a device gets first whose store is empty. By default, everything that the server keeps.</summary>
    public ChatStart Start { get; set; }

    /// <summary>
    /// The messages of a log that are replayed to a device whose store is empty. Where there are more, <see cref="ChatConnection.OnReset"/>
    /// is called instead, to load as much of the history as the application needs. A connection without that callback gets all of them
    /// replayed.
    /// </summary>
    public int MaxReplay { get; set; } = 1000;

    /// <summary>Messages received and not taken by the application; when it is full, reading from the server pauses.</summary>
    public int InboxCapacity { get; set; } = 256;

    /// <summary>Messages that wait for their acknowledgement; when it is full, sending throws.</summary>
    public int OutboxCapacity { get; set; } = 1000;

    /// <summary>Messages sent a second in the long run; the server refuses more than its limit (10 frames by default),
    /// then closes.</summary>
    public double SendsPerSecond { get; set; } = 9;

    /// <summary>Messages sent at once after a pause; the server's limit is 30 frames by default.</summary>
    public int SendBurst { get; set; } = 24;

    /// <summary>How long a handshake may take.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may take over one frame before the connection counts as lost.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an acknowledgement may take before the message is sent again, on a new connection.</summary>
    public TimeSpan AckTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often WebSocket pings are sent, and how long their answer may take.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The limit of the first random wait before reconnecting; it doubles from failure to failure.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The limit of the longest random wait before reconnecting.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The limit of the random wait after a server said that it stops.</summary>
    public TimeSpan SpreadDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long to wait after the server closed this connection because the user has too many (close code 4409): at random from half of
    /// this to one and a half times as long. Coming back pushes out another one, so that it must not be soon.
    /// </summary>
    public TimeSpan TooManyConnectionsDelay { get; set; } = TimeSpan.FromMinutes(5);

    internal IEnumerable<string> Faults(string section)
    {
        if (Device is { } device && (device.Length is 0 or > 64 || !SendRules.IsWhole(device)))
            yield return $"{section}:Device must have 1 to 64 characters, and no half of a surrogate pair.";
        if (!Enum.IsDefined(Start))
            yield return $"{section}:Start must be {nameof(ChatStart.Beginning)} or {nameof(ChatStart.Now)}.";
        if (MaxReplay is < 0 or > 1_000_000)
            yield return $"{section}:MaxReplay must be from 0 to 1,000,000.";
        if (TooManyConnectionsDelay <= TimeSpan.Zero || TooManyConnectionsDelay > TimeSpan.FromDays(1))
            yield return $"{section}:TooManyConnectionsDelay must be more than zero and at most a day.";
        if (InboxCapacity is < 1 or > 100_000)
            yield return $"{section}:InboxCapacity must be from 1 to 100,000.";
        if (OutboxCapacity is < 1 or > 100_000)
            yield return $"{section}:OutboxCapacity must be from 1 to 100,000.";
        if (SendsPerSecond is not (> 0 and <= 1_000_000))
            yield return $"{section}:SendsPerSecond must be more than 0 and at most 1,000,000.";
        if (SendBurst is < 1 or > 1_000_000)
            yield return $"{section}:SendBurst must be from 1 to 1,000,000.";
        foreach (var (name, value) in Times())
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromMinutes(10))
                yield return $"{section}:{name} must be more than zero and at most ten minutes.";
        }
    }

    private IEnumerable<(string, TimeSpan)> Times() =>
    [
        (nameof(ConnectTimeout), ConnectTimeout), (nameof(SendTimeout), SendTimeout), (nameof(AckTimeout), AckTimeout),
        (nameof(KeepAlive), KeepAlive), (nameof(ReconnectDelay), ReconnectDelay), (nameof(MaxReconnectDelay), MaxReconnectDelay),
        (nameof(SpreadDelay), SpreadDelay),
    ];
}
