using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;

namespace Chatable.Tests.Faults.Nemesis;

internal delegate Task Injection(FaultContext context, CancellationToken window);

/// <summary>One class of fault: what is done to the cluster for as long as the window lasts, and what is expected of it.</summary>
/// <param name="Name">As <c>F7</c>.</param>
/// <param name="Title">What goes wrong.</param>
/// <param name="Injected">How it is done here.</param>
/// <param name="Expected">What the cluster makes of it, besides keeping the promise.</param>
/// <param name="Inject">Does it, again and again, until the window ends.</param>
internal sealed record Fault(string Name, string Title, string Injected, string Expected, Injection Inject)
{
    /// <summary>Undoes what the cluster's own healing does not know of.</summary>
    public Injection Heal { get; init; } = (_, _) => Task.CompletedTask;

    public ClusterSettings Cluster { get; init; } = new();

    /// <summary>
    /// How long a revoked token may still be served. Redis announces a revocation; where the fault takes it away, servers learn of it
    /// when they next ask the database.
    /// </summary>
    public TimeSpan RevocationSeen { get; init; } = TimeSpan.FromSeconds(5);

    public static TimeSpan RevocationAsked { get; } = TimeSpan.FromSeconds(60);

    /// <summary>How soon after its end, or after its ack, a message has reached every device.</summary>
    public TimeSpan Delivered { get; init; } = Liveness.Delivered;

    /// <summary>What no other fault may take while this one goes on.</summary>
    public Parts Holds { get; init; }

    /// <summary>Whether a random mix may choose it; not where it takes a kind of traffic of its own.</summary>
    public bool Mixes { get; init; } = true;

    /// <summary>The shortest window in which it can happen.</summary>
    public TimeSpan AtLeast { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether both can happen at once.</summary>
    public bool GoesWith(Fault other) => (Holds & other.Holds) == Parts.None;
}

/// <summary>What a fault has to work with.</summary>
internal sealed class FaultContext(FaultCluster cluster, Traffic traffic, int seed)
{
    public FaultCluster Cluster => cluster;

    public Traffic Traffic => traffic;

    public Random Random { get; } = new(seed);

    /// <summary>What the fault itself found wanting.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>The faults of a mix that are yet to be healed; empty where one fault is alone.</summary>
    public IReadOnlyList<Fault> Underway { get; set; } = [];

    /// <summary>Whether no other fault can be the cause of what one sees.</summary>
    public bool IsAlone => Underway.Count <= 1;

    /// <summary>Told of what goes on.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Adds what is wrong where nothing else is the cause.</summary>
    public void Expect(bool holds, string otherwise)
    {
        if (!holds && IsAlone)
            Findings.Add(otherwise);
    }

    public T Pick<T>(IReadOnlyList<T> some) => some[Random.Next(some.Count)];

    /// <summary>Waits about so long; faults are the one thing here that goes by the clock.</summary>
    public Task PauseAsync(double seconds, CancellationToken window) =>
        Task.Delay(TimeSpan.FromSeconds(seconds * (0.8 + 0.4 * Random.NextDouble())), window);
}
