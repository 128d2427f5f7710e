using Chatable.Messaging;

namespace Chatable.FanoutWorker;

/// <summary>Section <c>Fanout</c>.</summary>
internal sealed class FanoutOptions : IKeyPrefixed
{
    public const string Section = "Fanout";

    /// <summary>Each has a connection to Redis of its own.</summary>
    public const int MaxLanes = 16;

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>Entries read at once: more make each cheaper, but hold the locks of their users longer.</summary>
    public int BatchSize { get; set; } = 2000;

    /// <summary>Transactions at most in which a batch is stored, at once.</summary>
    public int Transactions { get; set; } = 3;

    /// <summary>Entries for each of several transactions, at least: a small one costs nearly as much as a large one.</summary>
    public int LeastTransactionSize { get; set; } = 200;

    /// <summary>
    /// Batches a worker has under way at once: its partitions are divided among so many lanes. While one is under way the next gathers, and
    /// is the cheaper the more it gathers; more lanes pay where one is always full and processors are idle.
    /// </summary>
    public int Lanes { get; set; } = 1;

    /// <summary>
    /// How long idle partitions are waited for at once. Arrivals end it; a partition a lane has been given meanwhile waits for it.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Failures of no known kind after which an entry becomes a dead letter.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The first wait after a failure; it doubles from one failure to the next, up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a partition stays with a worker that has fallen silent: a takeover takes that long.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often leases are renewed and shared out anew.</summary>
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often servers that died without leaving are looked for.</summary>
    public TimeSpan ReapInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the dead letters are counted.</summary>
    public TimeSpan DeadLetterCheck { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often what Redis knows of the logs is compared with PostgreSQL, and written anew.</summary>
    public TimeSpan SetBackCheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the batches in flight may take when the worker is told to stop.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
