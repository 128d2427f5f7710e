using Chatable.Client.Wire;

namespace Chatable.Client;

/// <summary>Where a device with an empty store begins.</summary>
public enum ChatStart
{
    /// <summary>With the user's whole log, as far as the server keeps it.</summary>
    Beginning,

    /// <summary>With new messages only. Earlier ones are only available in <see cref="ChatHistory"/>.</summary>
    Now,
}

/// <summary>The settings of a connection.</summary>
public sealed class ConnectionOptions
{
    /// <summary>The user's name for this device, for the server's logs. Null sends none.</summary>
    public string? Device { get; set; }

    /// <summary>What a device with an empty store receives first. By default, the whole log that the server keeps.</summary>
    public ChatStart Start { get; set; }

    /// <summary>
    /// The most messages of a log to replay to a device with an empty store. If there are more, <see cref="ChatConnection.OnReset"/> is
    /// called instead, to load as much of the history as the application needs. Without that callback, all of them are replayed.
    /// </summary>
    public int MaxReplay { get; set; } = 1000;

    /// <summary>
    /// The most received messages that the application has not taken. When the inbox is full, reading from the server pauses.
    /// </summary>
    public int InboxCapacity { get; set; } = 256;

    /// <summary>The most messages that wait for an acknowledgement. When the outbox is full, sending throws.</summary>
    public int OutboxCapacity { get; set; } = 1000;

    /// <summary>
    /// Sustained send rate in messages per second. The server refuses frames above its limit (10 per second by default), then closes the
    /// connection.
    /// </summary>
    public double SendsPerSecond { get; set; } = 9;

    /// <summary>Messages sent at once after a pause. The server's limit is 30 frames by default.</summary>
    public int SendBurst { get; set; } = 24;

    /// <summary>The time limit of a handshake.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long sending one frame may take before the connection counts as lost.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for an acknowledgement before the message is sent again on a new connection.</summary>
    public TimeSpan AckTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The interval of WebSocket pings, and the time limit for their answers.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The upper limit of the first random delay before reconnecting. It doubles with each failure.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The upper limit of all random delays before reconnecting.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The upper limit of the random delay after a server announced that it stops.</summary>
    public TimeSpan SpreadDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The delay after the server closed this connection because the user has too many (close code 4409). The actual delay is random, from
    /// half to one and a half times this value. Reconnecting closes another of the user's connections, so it must not happen soon.
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
