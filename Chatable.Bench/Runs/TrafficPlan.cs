using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Runs;

/// <summary>What is to be sent to a subject.</summary>
internal sealed record TrafficPlan
{
    /// <summary>As it stands in the report.</summary>
    public required string Name { get; init; }

    /// <summary>Authors, each with one recipient on another replica.</summary>
    public required int Pairs { get; init; }

    public int TextBytes { get; init; } = 64;

    public required TimeSpan WarmUp { get; init; }

    /// <summary>Done under load, between warming up and measuring.</summary>
    public Func<CancellationToken, Task>? BeforeMeasuring { get; init; }

    public required TimeSpan Measured { get; init; }

    /// <summary>A new one for each loop, which gets that share of the load.</summary>
    public required Func<double, Pace> Pace { get; init; }

    /// <summary>In place of the subject's own.</summary>
    public Protocol? Protocol { get; init; }

    /// <summary>Threads that carry the load: one does 60,000 messages a second, and the machine is to be the server's.</summary>
    public int Loops { get; init; } = 1;
}
