using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Liveness
{
    /// <summary>
    /// How soon after the faults, or after its ack, a message must reach every device, unless the fault states otherwise.
    /// </summary>
    public static readonly TimeSpan Delivered = TimeSpan.FromSeconds(15);

    /// <summary>How soon after the faults every send has an outcome.</summary>
    public static readonly TimeSpan Resolved = TimeSpan.FromSeconds(30);

    public static IEnumerable<string> Recovers(Facts facts)
    {
        var shown = facts.Events.Where(one => one.Op == Op.Surface).GroupBy(one => (one.Proc, one.Hash!))
            .ToDictionary(same => same.Key, same => same.First().T);
        var devices = facts.Evidence.Devices.ToLookup(device => device.User);
        foreach (var sent in facts.Acked)
        {
            var due = Math.Max(facts.Healed, sent.Ack!.T) + (long)facts.Evidence.Delivered.TotalMicroseconds;
            foreach (var device in sent.Parties.SelectMany(user => devices[user]))
            {
                if (!shown.TryGetValue((device.Proc, sent.Hash), out var at))
                    yield return $"{device.Proc} never showed {Presence.Describe(sent)}";
                else if (at > due)
                    yield return $"{device.Proc} showed {Presence.Describe(sent)} {(at - due) / 1e6:0.0} s too late";
            }
        }

        foreach (var unresolved in Unresolved(facts))
            yield return unresolved;
    }

    public static IEnumerable<string> WithinBounds(Facts facts) =>
        facts.Evidence.Measures.Where(one => one.Value > one.Limit).Select(one => $"{one.What}: {one.Value:0.#}, at most {one.Limit:0.#}")
            .Concat(facts.Evidence.Surprises);

    private static IEnumerable<string> Unresolved(Facts facts)
    {
        foreach (var sent in facts.Sent.Where(sent => !sent.Failed))
        {
            var due = Math.Max(facts.Healed, sent.FirstInvoked) + (long)Resolved.TotalMicroseconds;
            if (sent.Ack is null)
                yield return $"{Presence.Describe(sent)} never had an outcome";
            else if (sent.Ack.T > due)
                yield return $"{Presence.Describe(sent)} had its outcome {(sent.Ack.T - due) / 1e6:0.0} s too late";
        }
    }
}
