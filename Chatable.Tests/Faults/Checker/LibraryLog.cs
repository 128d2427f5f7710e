using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>
/// What the client library delivered to a device's application: the user's log without the device's own messages, each position once and in
/// order, over all connections and restarts; after a reset, from the position in the reset.
/// </summary>
internal static class LibraryLog
{
    public static IEnumerable<string> GivenTwice(Facts facts)
    {
        foreach (var device in Devices(facts))
        {
            long last = 0;
            foreach (var one in device)
            {
                if (one.Op == Op.Reset)
                {
                    last = one.Seq!.Value;
                    continue;
                }

                if (one.Seq <= last)
                    yield return $"the library gave {one.Proc} seq {one.Seq} after {last}";
                // Acked once, and stored again from the intake after the device started over: the device no longer knows of it.
                var name = new MessageName(one.From!, one.ClientId ?? "");
                if (facts.Find(name)?.Proc == one.Proc && !facts.Undone.Has(name))
                    yield return $"the library gave {one.Proc} its own message {one.ClientId}";
                last = Math.Max(last, one.Seq!.Value);
            }
        }
    }

    public static IEnumerable<string> LeftOut(Facts facts)
    {
        foreach (var device in Devices(facts))
        {
            long position = 0;
            var others = new Queue<long>(OthersIn(facts, device.First().User, device.Key));
            foreach (var one in device)
            {
                while (others.TryPeek(out var seq) && seq <= position)
                    others.Dequeue();
                // If the log was set back and the device has not been told yet, the reset makes up for the gap.
                if (one.Op == Op.Take && others.TryPeek(out var next) && next < one.Seq && !facts.Undone.IsBeforeStartingOver(one))
                    yield return $"the library gave {one.Proc} seq {one.Seq} after {position} and left out {next}";
                position = Math.Max(position, one.Seq!.Value);
            }
        }
    }

    private static IEnumerable<IGrouping<string, HistoryEvent>> Devices(Facts facts)
    {
        var procs = facts.Events.Where(one => one.Op == Op.Take).Select(one => one.Proc).ToHashSet();
        return facts.Events.Where(one => one.Op is Op.Take or Op.Reset && procs.Contains(one.Proc)).GroupBy(one => one.Proc);
    }

    private static IEnumerable<long> OthersIn(Facts facts, string user, string proc) =>
        facts.Evidence.Envelopes.Where(one => one.User == user && !IsFrom(facts, proc, one.MessageId))
            .Select(one => one.Seq).Order();

    private static bool IsFrom(Facts facts, string proc, string messageId) =>
        facts.StoredById.TryGetValue(messageId, out var stored)
        && facts.Find(new MessageName(stored.From, stored.ClientId))?.Proc == proc;
}
