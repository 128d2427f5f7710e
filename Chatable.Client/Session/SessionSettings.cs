namespace Chatable.Client.Session;

/// <summary>What a session goes by.</summary>
internal sealed record SessionSettings
{
    public string? Device { get; init; }

    public ChatStart Start { get; init; }

    /// <summary>A device without a cursor does not have a longer log replayed; null where nothing could be loaded instead.</summary>
    public long? MaxReplay { get; init; }

    public TimeSpan WelcomeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan MaxAckTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public double SendsPerSecond { get; init; } = 9;

    public int SendBurst { get; init; } = 24;

    /// <summary>Full jitter up to this after a first retryable error, doubling up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From 0 to 1.</summary>
    public Func<double> Random { get; init; } = System.Random.Shared.NextDouble;
}
