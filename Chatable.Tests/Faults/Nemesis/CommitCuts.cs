using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>
/// A connection to PostgreSQL that is cut at the commit of a batch. A worker sends the commit behind the writes of the batch, as a
/// prepared statement, so that the word is not on the wire.
/// </summary>
internal static class CommitCuts
{
    /// <summary>The writes arrive, the commit does not.</summary>
    public static (Toxics Up, Toxics Down) Before { get; } = (Cut(LastStatementWithoutParameters), Toxics.None);

    /// <summary>The server has committed, and nobody hears of it.</summary>
    public static (Toxics Up, Toxics Down) After { get; } = (Toxics.None, Cut("C\0\0\0\u000BCOMMIT\0"u8));

    public static IReadOnlyList<(Toxics Up, Toxics Down)> All { get; } = [Before, After];

    // No formats and no values of parameters, and one binary format for all results: the end of Bind. Then Execute and Sync.
    private static ReadOnlySpan<byte> LastStatementWithoutParameters => "\0\0\0\0\0\u0001\0\u0001E\0\0\0\u0009\0\0\0\0\0S\0\0\0\u0004"u8;

    private static Toxics Cut(ReadOnlySpan<byte> pattern) => new() { CutAt = new PatternCut(pattern.ToArray(), CutMoment.Before) };
}
