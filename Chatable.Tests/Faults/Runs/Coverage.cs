namespace Chatable.Tests.Faults.Runs;

/// <summary>What a whole run has tested. Runs without repeats, takeovers and repairs prove nothing about them.</summary>
internal sealed record Coverage(int Unsure, int Repeats, int Resumes, Traces Traces)
{
    private const int LeastUnsure = 20;
    private const int LeastRepeats = 20;
    private const int LeastResumes = 20;
    private const int LeastTakeovers = 5;

    public static Coverage Of(IReadOnlyCollection<RunResult> results) => new(
        results.Sum(one => one.Info), results.Sum(one => one.Suppressed), results.Sum(one => one.Resumes),
        results.Aggregate(default(Traces), (sum, one) => sum + one.Traces));

    /// <summary>Everything that happened too rarely.</summary>
    public IEnumerable<string> Missing()
    {
        (string What, int Count, int Least)[] all =
        [
            ("attempts of unknown fate", Unsure, LeastUnsure),
            ("repeats told from new messages", Repeats, LeastRepeats),
            ("connections that began with a backlog", Resumes, LeastResumes),
            ("takeovers of partitions", Traces.Takeovers, LeastTakeovers),
            ("gaps repaired after the hold time", Traces.Held, 1),
            ("gaps found by comparing heads", Traces.Reconciled, 1),
        ];
        return all.Where(one => one.Count < one.Least).Select(one => $"{one.What}: {one.Count}, at least {one.Least}");
    }

    public override string ToString() =>
        $"{Unsure} attempts of unknown fate, {Repeats} repeats told, {Resumes} backlogs, {Traces.Takeovers} partitions taken over, "
        + $"{Traces.Held} messages repaired after the hold time, {Traces.Reconciled} after comparing heads";
}
