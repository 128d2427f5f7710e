using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;

namespace Chatable.Tests.Faults.Nemesis;

internal delegate Task Injection(FaultContext context, CancellationToken window);

/// <summary>One class of faults: what happens to the cluster during the window, and what is expected of it.</summary>
/// <param name="Name">Such as <c>F7</c>.</param>
/// <param name="Title">What goes wrong.</param>
/// <param name="Injected">How it is simulated here.</param>
/// <param name="Expected">How the cluster reacts, besides keeping the guarantee.</param>
/// <param name="Inject">Injects it again and again until the window ends.</param>
internal sealed record Fault(string Name, string Title, string Injected, string Expected, Injection Inject)
{
    /// <summary>Undoes what the cluster's own healing does not cover.</summary>
    public Injection Heal { get; init; } = (_, _) => Task.CompletedTask;

    public ClusterSettings Cluster { get; init; } = new();

    /// <summary>
    /// How long a revoked token may still be accepted. Redis announces a revocation; if the fault prevents that, servers learn of it when
    /// they next ask the database.
    /// </summary>
    public TimeSpan RevocationSeen { get; init; } = TimeSpan.FromSeconds(5);

    public static TimeSpan RevocationAsked { get; } = TimeSpan.FromSeconds(60);

    /// <summary>How soon after the fault, or after its ack, a message must have reached every device.</summary>
    public TimeSpan Delivered { get; init; } = Liveness.Delivered;

    /// <summary>What no other fault may use while this one lasts.</summary>
    public Parts Holds { get; init; }

    /// <summary>Whether a random mix may choose it; not if it needs its own kind of traffic.</summary>
    public bool Mixes { get; init; } = true;

    /// <summary>The shortest window in which it can happen.</summary>
    public TimeSpan AtLeast { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether both can happen at once.</summary>
    public bool GoesWith(Fault other) => (Holds & other.Holds) == Parts.None;
}

/// <summary>What a fault works with.</summary>
internal sealed class FaultContext(FaultCluster cluster, Traffic traffic, int seed)
{
    public FaultCluster Cluster => cluster;

    public Traffic Traffic => traffic;

    public Random Random { get; } = new(seed);

    /// <summary>Problems that the fault itself found.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>The faults of a mix that are not healed yet; empty if a fault runs alone.</summary>
    public IReadOnlyList<Fault> Underway { get; set; } = [];

    /// <summary>Whether no other fault can be the cause of a problem.</summary>
    public bool IsAlone => Underway.Count <= 1;

    /// <summary>Receives progress messages.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Records a problem unless another fault may be the cause.</summary>
    public void Expect(bool holds, string otherwise)
    {
        if (!holds && IsAlone)
            Findings.Add(otherwise);
    }

    public T Pick<T>(IReadOnlyList<T> some) => some[Random.Next(some.Count)];

    /// <summary>Waits about this long; only faults depend on elapsed time.</summary>
    public Task PauseAsync(double seconds, CancellationToken window) =>
        Task.Delay(TimeSpan.FromSeconds(seconds * (0.8 + 0.4 * Random.NextDouble())), window);
}
