using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>What goes between a worker and PostgreSQL at each step of a batch, and a network that falls silent there.</summary>
internal static class BatchSteps
{
    /// <summary>The beginning of the first request, which locks and reads.</summary>
    public static ReadOnlyMemory<byte> Begin { get; } = "BEGIN"u8.ToArray();

    /// <summary>The beginning of its answer: the locks are held then, or waited for.</summary>
    public static ReadOnlyMemory<byte> Begun { get; } = "C\0\0\0\u000ABEGIN\0"u8.ToArray();

    /// <summary>
    /// The commit, behind the writes of the batch. It is a prepared statement, so that the word is not on the wire: no formats and no
    /// values of parameters, and one binary format for all results are the end of Bind; then come Execute and Sync.
    /// </summary>
    public static ReadOnlyMemory<byte> Commit { get; } =
        "\0\0\0\0\0\u0001\0\u0001E\0\0\0\u0009\0\0\0\0\0S\0\0\0\u0004"u8.ToArray();

    /// <summary>The answer to it.</summary>
    public static ReadOnlyMemory<byte> Committed { get; } = "C\0\0\0\u000BCOMMIT\0"u8.ToArray();

    /// <summary>Which of <see cref="Silences"/> leaves the most behind: the server holds the locks, and nobody comes back for them.</summary>
    public const int Locked = 2;

    /// <summary>A link on which every connection falls silent at one step, in that direction.</summary>
    public static IReadOnlyList<(Toxics Up, Toxics Down)> Silences { get; } =
    [
        (HoleAt(Begin, CutMoment.Before), Toxics.None),
        (HoleAt(Begin, CutMoment.After), Toxics.None),
        (Toxics.None, HoleAt(Begun, CutMoment.Before)),
        (HoleAt(Commit, CutMoment.Before), Toxics.None),
        (HoleAt(Commit, CutMoment.After), Toxics.None),
        (Toxics.None, HoleAt(Committed, CutMoment.Before)),
    ];

    private static Toxics HoleAt(ReadOnlyMemory<byte> pattern, CutMoment moment) => new() { HoleAt = new PatternCut(pattern, moment) };
}
