namespace Chatable.Client.Session;

/// <summary>The settings of a session.</summary>
internal sealed record SessionSettings
{
    public string? Device { get; init; }

    public ChatStart Start { get; init; }

    /// <summary>The longest log to replay to a device without a cursor. Null if the application could not load it instead.</summary>
    public long? MaxReplay { get; init; }

    public TimeSpan WelcomeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan MaxAckTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public double SendsPerSecond { get; init; } = 9;

    public int SendBurst { get; init; } = 24;

    /// <summary>The upper limit of the random delay after a first retryable error. It doubles up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Returns a value from 0 to 1.</summary>
    public Func<double> Random { get; init; } = System.Random.Shared.NextDouble;
}
