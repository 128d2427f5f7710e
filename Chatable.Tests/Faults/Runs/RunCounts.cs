using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Runs;

/// <summary>Counts the events of a history for the table.</summary>
internal static class RunCounts
{
    public static RunResult Count(this RunResult result, Evidence evidence)
    {
        var facts = new Facts(evidence);
        var backlogs = facts.Connections.Select(BacklogOf).Where(backlog => backlog > 0).ToArray();
        return result with
        {
            Sent = facts.Sent.Count(),
            Acked = facts.Acked.Count(),
            Info = evidence.Events.Count(one => one is { Op: Op.Send, Ev: Known.Info }),
            Resent = facts.Sent.Sum(sent => sent.Attempts - 1),
            Suppressed = evidence.Events.Count(one => one is { Op: Op.Ack, Ev: Known.Ok, Repeat: true }),
            Resumes = backlogs.Length,
            Repaired = backlogs.Sum(),
            Recovery = RecoveryOf(facts),
        };
    }

    // Messages between the welcome and the end of the backlog.
    private static int BacklogOf(IGrouping<int, HistoryEvent> connection) =>
        connection.SkipWhile(one => one.Op != Op.Welcome).TakeWhile(one => one.Op != Op.CaughtUp).Count(one => one.Op == Op.Recv);

    private static TimeSpan RecoveryOf(Facts facts)
    {
        var before = facts.Sent.Where(sent => sent.FirstInvoked < facts.Healed).ToArray();
        var hashes = before.Select(sent => sent.Hash).ToHashSet();
        var shown = facts.Evidence.Events.Where(one => one.Op == Op.Surface && hashes.Contains(one.Hash!)).Select(one => one.T);
        var last = before.Select(sent => sent.Ack?.T ?? 0).Concat(shown).Append(facts.Healed).Max();
        return TimeSpan.FromMicroseconds(last - facts.Healed);
    }
}
