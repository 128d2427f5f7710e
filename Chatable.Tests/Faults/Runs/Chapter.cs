using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Nemesis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>A part of a long run on a shared cluster, with its own users, history and check.</summary>
/// <param name="Number">From 1; 0 for the calm one before.</param>
/// <param name="Result">Of the six users and the crowd.</param>
internal sealed record Chapter(int Number, RunResult Result)
{
    /// <summary>The faults that ran at the same time, hand by hand.</summary>
    public IReadOnlyList<IReadOnlyList<Fault>> Hands { get; init; } = [];

    /// <summary>What the cluster used afterwards; the limits are based on the use before all faults.</summary>
    public IReadOnlyList<Measure> State { get; init; } = [];

    /// <summary>Acked messages of the crowd in all chapters so far.</summary>
    public int CrowdAcked { get; init; }
}
