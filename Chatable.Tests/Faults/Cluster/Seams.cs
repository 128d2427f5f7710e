using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>Bugs injected from outside into the connections of a cluster's processes.</summary>
internal sealed record Seams
{
    public static Seams None { get; } = new();

    /// <summary>Changes what API servers send to Redis.</summary>
    public Rewrite? ApisToRedis { get; init; }

    /// <summary>Changes what workers send to Redis.</summary>
    public Rewrite? WorkersToRedis { get; init; }

    /// <summary>Changes what API servers and workers send to PostgreSQL.</summary>
    public Rewrite? ToPostgres { get; init; }
}
