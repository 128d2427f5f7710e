using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Nemesis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>A part of a long run: with users, a history and a check of its own, on the cluster that the others had.</summary>
/// <param name="Number">From 1; 0 for the calm one before them.</param>
/// <param name="Result">Of the six users and of the crowd.</param>
internal sealed record Chapter(int Number, RunResult Result)
{
    /// <summary>What happened at once, in turn.</summary>
    public IReadOnlyList<IReadOnlyList<Fault>> Hands { get; init; } = [];

    /// <summary>What the cluster used afterwards; the limits are what it may use that used so much before all faults.</summary>
    public IReadOnlyList<Measure> State { get; init; } = [];

    /// <summary>Messages of the crowd that were acked, all chapters together.</summary>
    public int CrowdAcked { get; init; }
}
