using Chatable.Tests.Faults.Proxy;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>The bytes between a worker and PostgreSQL at each step of a batch, and a network that goes silent there.</summary>
internal static class BatchSteps
{
    /// <summary>The start of the first request, which locks and reads.</summary>
    public static ReadOnlyMemory<byte> Begin { get; } = "BEGIN"u8.ToArray();

    /// <summary>The start of its response: the locks are held or waited for.</summary>
    public static ReadOnlyMemory<byte> Begun { get; } = "C\0\0\0\u000ABEGIN\0"u8.ToArray();

    /// <summary>
    /// The commit, after the writes of the batch. It is a prepared statement, so the word is not on the wire. Bind ends with no parameter
    /// formats, no parameter values and one binary format for all results; Execute and Sync follow.
    /// </summary>
    public static ReadOnlyMemory<byte> Commit { get; } =
        "\0\0\0\0\0\u0001\0\u0001E\0\0\0\u0009\0\0\0\0\0S\0\0\0\u0004"u8.ToArray();

    /// <summary>The response to it.</summary>
    public static ReadOnlyMemory<byte> Committed { get; } = "C\0\0\0\u000BCOMMIT\0"u8.ToArray();

    /// <summary>
    /// The entry of <see cref="Silences"/> that leaves the most behind: the server holds the locks, and nobody returns for them.
    /// </summary>
    public const int Locked = 2;

    /// <summary>Links on which every connection goes silent at one step, in one direction.</summary>
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
