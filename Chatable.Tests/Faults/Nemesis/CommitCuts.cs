using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A connection to PostgreSQL that is cut at the commit of a batch.</summary>
internal static class CommitCuts
{
    /// <summary>The writes arrive; the commit does not.</summary>
    public static (Toxics Up, Toxics Down) Before { get; } = (Cut(BatchSteps.Commit), Toxics.None);

    /// <summary>The server has committed, but the worker never learns it.</summary>
    public static (Toxics Up, Toxics Down) After { get; } = (Toxics.None, Cut(BatchSteps.Committed));

    public static IReadOnlyList<(Toxics Up, Toxics Down)> All { get; } = [Before, After];

    private static Toxics Cut(ReadOnlyMemory<byte> pattern) => new() { CutAt = new PatternCut(pattern, CutMoment.Before) };
}
