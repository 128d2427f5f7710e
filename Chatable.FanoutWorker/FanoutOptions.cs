using Chatable.Messaging;

namespace Chatable.FanoutWorker;

/// <summary>Section <c>Fanout</c>.</summary>
internal sealed class FanoutOptions : IKeyPrefixed
{
    public const string Section = "Fanout";

    /// <summary>The most lanes. Each has its own connection to Redis.</summary>
    public const int MaxLanes = 16;

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>Entries read at once. Larger batches make each entry cheaper, but hold their users' locks longer.</summary>
    public int BatchSize { get; set; } = 2000;

    /// <summary>The most concurrent transactions in which a batch is stored.</summary>
    public int Transactions { get; set; } = 3;

    /// <summary>The least entries per transaction if a batch is split: a small transaction costs nearly as much as a large one.</summary>
    public int LeastTransactionSize { get; set; } = 200;

    /// <summary>
    /// Batches that a worker has in progress at once; its partitions are divided among as many lanes. While one batch is in progress, the
    /// next one accumulates, and a larger batch is cheaper per entry. More lanes help if one is always full and processors are idle.
    /// </summary>
    public int Lanes { get; set; } = 1;

    /// <summary>
    /// How long one read waits while all partitions are idle. An arrival ends the wait. A partition added to the lane in the meantime waits
    /// for it too.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The number of failures of unknown kind after which an entry becomes a dead letter.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The first delay after a failure. It doubles with each failure, up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a partition stays assigned to a worker that has gone silent. A takeover takes this long.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often leases are renewed and rebalanced.</summary>
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often to look for servers that died without deregistering.</summary>
    public TimeSpan ReapInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the dead letters are counted.</summary>
    public TimeSpan DeadLetterCheck { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the seqs known to Redis are compared with PostgreSQL, and updated.</summary>
    public TimeSpan SetBackCheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the batches in flight may take after the worker is told to stop.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
