using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Nemesis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>One line of the table.</summary>
internal sealed record RunResult(Fault Fault, int Seed)
{
    /// <summary>Messages written.</summary>
    public int Sent { get; init; }

    public int Acked { get; init; }

    /// <summary>Attempts whose outcome the client did not learn at once.</summary>
    public int Info { get; init; }

    /// <summary>Attempts after the first for each message.</summary>
    public int Resent { get; init; }

    /// <summary>Repeats that the servers recognized.</summary>
    public int Suppressed { get; init; }

    /// <summary>Connections that started with a backlog.</summary>
    public int Resumes { get; init; }

    /// <summary>Messages in those backlogs: those that no push had delivered.</summary>
    public int Repaired { get; init; }

    /// <summary>From the end of the fault until everything written before it had an outcome and had arrived everywhere.</summary>
    public TimeSpan Recovery { get; init; }

    public Traces Traces { get; init; }

    public IReadOnlyList<Violation> Violations { get; init; } = [];

    /// <summary>The chapters of a long run; empty for a run in one piece.</summary>
    public IReadOnlyList<Chapter> Chapters { get; init; } = [];

    /// <summary>All chapters together. A finding of several chapters, such as a process exit, is reported once.</summary>
    public static RunResult Of(Fault fault, int seed, IReadOnlyList<Chapter> chapters) => new(fault, seed)
    {
        Sent = chapters.Sum(one => one.Result.Sent),
        Acked = chapters.Sum(one => one.Result.Acked),
        Info = chapters.Sum(one => one.Result.Info),
        Resent = chapters.Sum(one => one.Result.Resent),
        Suppressed = chapters.Sum(one => one.Result.Suppressed),
        Resumes = chapters.Sum(one => one.Result.Resumes),
        Repaired = chapters.Sum(one => one.Result.Repaired),
        Recovery = chapters.Max(one => one.Result.Recovery),
        Traces = chapters.Aggregate(default(Traces), (sum, one) => sum + one.Result.Traces),
        Violations =
        [
            .. chapters.SelectMany(one => one.Result.Violations.Select(violation => (one.Number, Violation: violation)))
                .DistinctBy(one => one.Violation)
                .Select(one => one.Violation with { What = $"chapter {one.Number}: {one.Violation.What}" }),
        ],
        Chapters = chapters,
    };
}
