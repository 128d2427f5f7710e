using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Presence
{
    public static IEnumerable<string> AckedIsEverywhere(Facts facts)
    {
        var envelopes = facts.Evidence.Envelopes.Select(one => (one.User, one.MessageId)).ToHashSet();
        var rest = Ids(facts.Evidence.Rest);
        var fresh = Ids(facts.Evidence.Fresh);
        foreach (var sent in facts.Acked)
        {
            if (facts.StoredByName[sent.Name].FirstOrDefault() is not { } stored)
            {
                yield return $"{Describe(sent)} was acked at {sent.Ack!.At.TotalSeconds:0.000} s and is not stored";
                continue;
            }

            if ((stored.Conv, stored.ConvSeq) != (sent.Ack!.Conv, sent.Ack.ConvSeq))
                yield return $"{Describe(sent)} was acked as {sent.Ack.Conv}#{sent.Ack.ConvSeq} "
                    + $"and stands at {stored.Conv}#{stored.ConvSeq}";
            foreach (var user in sent.Parties)
            {
                if (!envelopes.Contains((user, stored.Id)))
                    yield return $"{Describe(sent)} has no envelope in the log of {user}";
                if (!rest.Contains((user, stored.Id)))
                    yield return $"{Describe(sent)} is not shown to {user} over REST";
                if (!fresh.Contains((user, stored.Id)))
                    yield return $"{Describe(sent)} does not come on a fresh socket of {user}";
            }
        }
    }

    public static IEnumerable<string> NothingUnsent(Facts facts)
    {
        var seen = facts.Evidence.Messages.Select(one => (one.From, one.Hash, Where: "in SQL"))
            .Concat(facts.Evidence.Rest.SelectMany(view =>
                view.Value.Select(one => (one.From, one.Hash, Where: $"over REST to {view.Key}"))))
            .Concat(facts.Evidence.Fresh.SelectMany(
                view => view.Value.Select(one => (one.From, one.Hash, Where: $"on a fresh socket of {view.Key}"))))
            .Concat(facts.Arrivals.Select(one => (From: one.From!, Hash: one.Hash!, Where: $"on {one.Proc}")));
        foreach (var (from, hash, where) in seen.Distinct())
        {
            var origins = facts.ByHash[hash].ToArray();
            if (origins.Length == 0)
                yield return $"a message {hash} said to be from {from} appears {where}; nobody sent it";
            else if (origins.All(origin => origin.Failed && origin.Ack is null))
                yield return $"{Describe(origins[0])} failed for good and appears {where}";
        }
    }

    public static IEnumerable<string> AckedCanBeRead(Facts facts)
    {
        var hashes = facts.Acked.Where(sent => sent.Ack!.Conv is not null)
            .ToLookup(sent => (sent.Ack!.Conv, sent.Ack.ConvSeq), sent => sent.Hash);
        foreach (var read in facts.Events.Where(one => one is { Op: Op.RestRead, Ev: Known.Ok }))
        {
            if (read.Hash is null)
                yield return $"{read.User} had the ack of {read.Conv}#{read.ConvSeq} and did not find it over REST "
                    + $"at {read.At.TotalSeconds:0.000} s";
            else if (hashes[(read.Conv, read.ConvSeq)] is var sent && sent.Any() && !sent.Contains(read.Hash))
                yield return $"{read.User} found another message at {read.Conv}#{read.ConvSeq} over REST than was acked there";
        }
    }

    internal static string Describe(Sent sent) => $"{sent.Name.ClientId} of {sent.Name.Author} to {sent.To}";

    private static HashSet<(string User, string Id)> Ids(IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> views) =>
        [.. views.SelectMany(view => view.Value.Select(one => (view.Key, one.Id)))];
}
