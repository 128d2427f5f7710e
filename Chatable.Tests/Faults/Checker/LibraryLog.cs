using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>
/// What the client library gave to the application of a device: the user's log without what the device sent itself, each place once and
/// in order, over all connections and restarts; after a reset, from where that says.
/// </summary>
internal static class LibraryLog
{
    public static IEnumerable<string> GivenTwice(Facts facts)
    {
        foreach (var device in Devices(facts))
        {
            long last = 0;
            foreach (var one in device.Where(one => one.Op == Op.Take))
            {
                if (one.Seq <= last)
                    yield return $"the library gave {one.Proc} seq {one.Seq} after {last}";
                if (facts.Find(new MessageName(one.From!, one.ClientId ?? ""))?.Proc == one.Proc)
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
                if (one.Op == Op.Take && others.TryPeek(out var next) && next < one.Seq)
                    yield return $"the library gave {one.Proc} seq {one.Seq} after {position} and left out {next}";
                position = Math.Max(position, one.Seq!.Value);
            }
        }
    }

    private static IEnumerable<IGrouping<string, HistoryEvent>> Devices(Facts facts)
    {
        var procs = facts.Evidence.Events.Where(one => one.Op == Op.Take).Select(one => one.Proc).ToHashSet();
        return facts.Evidence.Events.Where(one => one.Op is Op.Take or Op.Reset && procs.Contains(one.Proc)).GroupBy(one => one.Proc);
    }

    private static IEnumerable<long> OthersIn(Facts facts, string user, string proc) =>
        facts.Evidence.Envelopes.Where(one => one.User == user && !IsFrom(facts, proc, one.MessageId))
            .Select(one => one.Seq).Order();

    private static bool IsFrom(Facts facts, string proc, string messageId) =>
        facts.StoredById.TryGetValue(messageId, out var stored)
        && facts.Find(new MessageName(stored.From, stored.ClientId))?.Proc == proc;
}
