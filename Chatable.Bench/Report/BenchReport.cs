using Chatable.Bench.Measures;

namespace Chatable.Bench.Report;

/// <summary>All results of a session, and what follows from them.</summary>
internal sealed record BenchReport(Conditions Conditions, IReadOnlyList<RunResult> Results)
{
    /// <summary>Runs in which a message had another fate than it was promised.</summary>
    public IEnumerable<RunResult> Wrong => Results.Where(result => !result.Counts.AreRight);

    /// <summary>Scenarios in the order they were run.</summary>
    public IEnumerable<string> ScenarioNames => Results.Select(result => result.Scenario).Distinct();

    public IEnumerable<Summary> Of(string scenario) => Results.Where(result => result.Scenario == scenario)
        .GroupBy(result => result.Subject).Select(rounds => new Summary([.. rounds]));

    /// <summary>
    /// How many times as much of one system as of another, round by round: both of a round ran right after each other. Null where one
    /// of them was not measured.
    /// </summary>
    public Spread? Ratio(string scenario, string subject, string reference)
    {
        var ratios =
            from one in Results
            join other in Results on (one.Round, one.Scenario) equals (other.Round, other.Scenario)
            where one.Scenario == scenario && one.Subject == subject && other.Subject == reference && other.PerSecond > 0
            select one.PerSecond / other.PerSecond;
        return Spread.Of(ratios) is { Count: > 0 } spread ? spread : null;
    }
}

/// <summary>The rounds of one system in one scenario.</summary>
internal sealed record Summary(IReadOnlyList<RunResult> Rounds)
{
    public string Subject => Rounds[0].Subject;

    public Spread PerSecond => Over(round => round.PerSecond);

    public Spread Over(Func<RunResult, double> figure) => Spread.Of(Rounds.Select(figure));

    public bool AreRight => Rounds.All(round => round.Counts.AreRight);

    /// <summary>Names of further figures, in their order.</summary>
    public IEnumerable<string> Extras => Rounds.SelectMany(round => round.Extra.Keys).Distinct();
}
