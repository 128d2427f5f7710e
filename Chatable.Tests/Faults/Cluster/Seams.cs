using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>Bugs that the processes of a cluster have from outside, at their seams.</summary>
internal sealed record Seams
{
    public static Seams None { get; } = new();

    /// <summary>What API servers say to Redis.</summary>
    public Rewrite? ApisToRedis { get; init; }

    /// <summary>What workers say to Redis.</summary>
    public Rewrite? WorkersToRedis { get; init; }

    /// <summary>What API servers and workers say to PostgreSQL.</summary>
    public Rewrite? ToPostgres { get; init; }
}
