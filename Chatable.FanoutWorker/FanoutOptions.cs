using System.ComponentModel.DataAnnotations;
using Chatable.Messaging;
using Microsoft.Extensions.Options;

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
    [Range(1, 5000)]
    public int BatchSize { get; set; } = 2000;

    /// <summary>The most concurrent transactions in which a batch is stored.</summary>
    [Range(1, 16)]
    public int Transactions { get; set; } = 3;

    /// <summary>The least entries per transaction if a batch is split: a small transaction costs nearly as much as a large one.</summary>
    [Range(1, 5000)]
    public int LeastTransactionSize { get; set; } = 200;

    /// <summary>
    /// Batches that a worker has in progress at once; its partitions are divided among as many lanes. While one batch is in progress, the
    /// next one accumulates, and a larger batch is cheaper per entry. More lanes help if one is always full and processors are idle.
    /// </summary>
    [Range(1, MaxLanes)]
    public int Lanes { get; set; } = 1;

    /// <summary>
    /// How long one read waits while all partitions are idle. An arrival ends the wait. A partition added to the lane in the meantime waits
    /// for it too. At most 2 s, because Redis' client gives up after 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:02")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The number of failures of unknown kind after which an entry becomes a dead letter.</summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The first delay after a failure. It doubles with each failure, up to <see cref="MaxBackoff"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a partition stays assigned to a worker that has gone silent. A takeover takes this long.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "01:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often leases are renewed and rebalanced.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often to look for servers that died without deregistering.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan ReapInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the dead letters are counted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan DeadLetterCheck { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the seqs known to Redis are compared with PostgreSQL, and updated.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan SetBackCheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the batches in flight may take after the worker is told to stop.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:20")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Lists the settings that contradict each other.</summary>
    public IEnumerable<string> Contradictions()
    {
        if (MaxBackoff < FirstBackoff)
            yield return "Fanout:MaxBackoff must be at least Fanout:FirstBackoff.";
        if (LeaseDuration / 2 < LeaseRenewal)
            yield return "Fanout:LeaseDuration must be at least two renewals.";
    }
}

[OptionsValidator]
internal sealed partial class FanoutOptionsValidator : IValidateOptions<FanoutOptions>;
