using System.Globalization;
using System.Text.RegularExpressions;
using Chatable.Tests.Faults.Cluster;

namespace Chatable.Tests.Faults.Runs;

/// <summary>What the processes themselves have logged about their work.</summary>
/// <param name="Takeovers">Partitions a worker began to read.</param>
/// <param name="Held">Messages read from PostgreSQL because an earlier push did not arrive within the hold time.</param>
/// <param name="Reconciled">Messages read from PostgreSQL because a user's head was ahead without a push.</param>
internal readonly partial record struct Traces(int Takeovers, int Held, int Reconciled)
{
    public static Traces Of(FaultCluster cluster)
    {
        var output = string.Join('\n', cluster.Services.Select(service => service.Node.Output));
        return new Traces(Taken().Matches(output).Sum(CountOf), Repaired("hold"), Repaired("reconcile"));

        int Repaired(string cause) => Repair().Matches(output).Where(match => match.Groups["cause"].Value == cause)
            .Sum(CountOf);
    }

    public static Traces operator -(Traces one, Traces other) =>
        new(one.Takeovers - other.Takeovers, one.Held - other.Held, one.Reconciled - other.Reconciled);

    public static Traces operator +(Traces one, Traces other) =>
        new(one.Takeovers + other.Takeovers, one.Held + other.Held, one.Reconciled + other.Reconciled);

    private static int CountOf(Match match) => int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);

    // "Reading 2 more partitions: 3, 7."
    [GeneratedRegex(@"Reading (?<count>\d+) more partitions")]
    private static partial Regex Taken();

    // "repaired: hold 3", see RepairTrace
    [GeneratedRegex(@"repaired: (?<cause>\w+) (?<count>\d+)")]
    private static partial Regex Repair();
}
