using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Order
{
    public static IEnumerable<string> OneOrder(Facts facts)
    {
        foreach (var conversation in facts.Evidence.Messages.GroupBy(one => one.Conv))
        {
            foreach (var hole in Continuity.Dense(conversation.Select(one => one.ConvSeq), $"conversation {conversation.Key}"))
                yield return hole;
            foreach (var (one, next) in Pairs(conversation.OrderBy(one => one.ConvSeq)))
            {
                if (next.CreatedAt <= one.CreatedAt)
                    yield return $"{next.Conv}#{next.ConvSeq} is not later than #{one.ConvSeq} by its time";
            }
        }

        foreach (var disagreement in Disagreements(facts).Concat(LogsAgainstOrder(facts)).Concat(ConnectionsAgainstOrder(facts)))
            yield return disagreement;
    }

    /// <summary>Same socket, same conversation: if a was sent before b and both are stored, a comes before b.</summary>
    public static IEnumerable<string> SenderFirstInFirstOut(Facts facts)
    {
        foreach (var connection in facts.ConnectionsAsTheyCount)
        {
            // A message that was already acked when it was sent again keeps its position.
            var sends = connection.Where(one => one is { Op: Op.Send, Ev: Known.Invoke }).DistinctBy(one => one.ClientId)
                .Where(one => facts.Find(NameOf(one))?.Ack is { } ack && ack.T > one.T);
            foreach (var conversation in sends.GroupBy(one => one.To))
            {
                foreach (var (one, next) in Pairs(conversation))
                {
                    if (PlaceOf(facts, next) < PlaceOf(facts, one))
                        yield return $"on connection {one.Conn} {one.User} sent {one.ClientId} (#{PlaceOf(facts, one)}) "
                            + $"before {next.ClientId} (#{PlaceOf(facts, next)}) to {one.To}";
                }
            }
        }
    }

    public static IEnumerable<string> RealTime(Facts facts)
    {
        foreach (var conversation in facts.Acked.GroupBy(sent => sent.Ack!.Conv))
        {
            Sent? earliestAbove = null;
            foreach (var sent in conversation.OrderByDescending(sent => sent.Ack!.ConvSeq))
            {
                if (earliestAbove is not null && earliestAbove.Ack!.T < sent.FirstInvoked)
                    yield return $"{Presence.Describe(earliestAbove)} (#{earliestAbove.Ack.ConvSeq}) was acked before "
                        + $"{Presence.Describe(sent)} (#{sent.Ack!.ConvSeq}) was sent";
                if (earliestAbove is null || sent.Ack!.T < earliestAbove.Ack!.T)
                    earliestAbove = sent;
            }
        }
    }

    // All sources must agree on the message at each position of a conversation.
    private static IEnumerable<string> Disagreements(Facts facts)
    {
        IEnumerable<(long Conv, long ConvSeq, string Hash)> places = facts.Evidence.Messages
            .Select(one => (one.Conv, one.ConvSeq, one.Hash))
            .Concat(facts.Evidence.Rest.Values.Concat(facts.Evidence.Fresh.Values).SelectMany(
                view => view.Select(one => (one.Conv, one.ConvSeq, one.Hash))))
            .Concat(facts.Arrivals.Select(one => (one.Conv!.Value, one.ConvSeq!.Value, one.Hash!)))
            .Concat(facts.Acked.Where(sent => sent.Ack!.Conv is not null)
                .Select(sent => (sent.Ack!.Conv!.Value, sent.Ack.ConvSeq!.Value, sent.Hash)));
        return places.Distinct().GroupBy(one => (one.Conv, one.ConvSeq)).Where(same => same.Count() > 1)
            .Select(same => $"{same.Key.Conv}#{same.Key.ConvSeq} is {same.Count()} different messages");
    }

    private static IEnumerable<string> LogsAgainstOrder(Facts facts) =>
        facts.Evidence.Envelopes.Where(one => facts.StoredById.ContainsKey(one.MessageId))
            .GroupBy(one => (one.User, facts.StoredById[one.MessageId].Conv))
            .SelectMany(log => Pairs(log.OrderBy(one => one.Seq).Select(one => facts.StoredById[one.MessageId].ConvSeq))
                .Where(pair => pair.Next <= pair.One)
                .Select(pair => $"the log of {log.Key.User} has {log.Key.Conv}#{pair.Next} after #{pair.One}"));

    private static IEnumerable<string> ConnectionsAgainstOrder(Facts facts) =>
        facts.ConnectionsAsTheyCount.SelectMany(connection => connection.Where(one => one.Op is Op.Recv or Op.Take).GroupBy(one => one.Conv)
            .SelectMany(conversation => Pairs(conversation).Where(pair => pair.Next.ConvSeq <= pair.One.ConvSeq)
                .Select(pair => $"connection {connection.Key} got {pair.Next.Conv}#{pair.Next.ConvSeq} after #{pair.One.ConvSeq}")));

    private static IEnumerable<(T One, T Next)> Pairs<T>(IEnumerable<T> all)
    {
        var list = all.ToList();
        return list.Zip(list.Skip(1));
    }

    private static MessageName NameOf(HistoryEvent one) => new(one.User, one.ClientId!);

    private static long PlaceOf(Facts facts, HistoryEvent one) => facts.Find(NameOf(one))!.Ack!.ConvSeq ?? 0;
}
