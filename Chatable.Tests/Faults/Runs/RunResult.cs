using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Nemesis;

namespace Chatable.Tests.Faults.Runs;

/// <summary>One line of the table.</summary>
internal sealed record RunResult(Fault Fault, int Seed)
{
    /// <summary>Messages written.</summary>
    public int Sent { get; init; }

    public int Acked { get; init; }

    /// <summary>Attempts whose fate the client did not learn at once.</summary>
    public int Info { get; init; }

    /// <summary>Attempts beyond the first of each message.</summary>
    public int Resent { get; init; }

    /// <summary>Repeats the servers have told from new messages.</summary>
    public int Suppressed { get; init; }

    /// <summary>Connections that began with a backlog.</summary>
    public int Resumes { get; init; }

    /// <summary>Messages that came in those backlogs: what pushes had not brought.</summary>
    public int Repaired { get; init; }

    /// <summary>From the end of the fault until everything written before it had an outcome and was everywhere.</summary>
    public TimeSpan Recovery { get; init; }

    public Traces Traces { get; init; }

    public IReadOnlyList<Violation> Violations { get; init; } = [];
}
