using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Isolation
{
    public static IEnumerable<string> OnlyParties(Facts facts)
    {
        var shown = facts.Arrivals
            .Select(one => (one.User, From: one.From!, To: one.To!, Hash: one.Hash!))
            .Concat(facts.Evidence.Rest.Concat(facts.Evidence.Fresh).SelectMany(
                view => view.Value.Select(one => (User: view.Key, one.From, one.To, one.Hash))))
            .Concat(facts.Evidence.Messages.Select(one => (User: one.To, one.From, one.To, one.Hash)));
        foreach (var (user, from, to, hash) in shown.Distinct())
        {
            if (user != from && user != to)
                yield return $"{user} was shown a message from {from} to {to}";
            if (facts.ByHash[hash].ToArray() is { Length: > 0 } origins && !origins.Any(origin => origin.Name.Author == from))
                yield return $"a message {hash} of {origins[0].Name.Author} is said to be from {from}";
            else if (facts.ByHash[hash].FirstOrDefault(origin => origin.Name.Author == from) is { } sent && sent.To != to)
                yield return $"{Presence.Describe(sent)} is said to be to {to}";
        }
    }

    public static IEnumerable<string> BodiesAreWhole(Facts facts)
    {
        foreach (var stored in facts.Evidence.Messages)
        {
            if (facts.Find(new MessageName(stored.From, stored.ClientId)) is { } sent && sent.Hash != stored.Hash)
                yield return $"{Presence.Describe(sent)} is stored with another body";
        }

        var shown = facts.Arrivals.Where(one => one.Id is not null)
            .Select(one => (Id: one.Id!, Hash: one.Hash!, Where: $"on {one.Proc}"))
            .Concat(facts.Evidence.Rest.SelectMany(view =>
                view.Value.Select(one => (one.Id, one.Hash, Where: $"over REST to {view.Key}"))));
        foreach (var (id, hash, where) in shown)
        {
            if (facts.StoredById.TryGetValue(id, out var stored) && stored.Hash != hash)
                yield return $"{stored.ClientId} of {stored.From} came with another body {where}";
        }
    }

    public static IEnumerable<string> NothingAfterRevocation(Facts facts)
    {
        foreach (var revoked in facts.Evidence.Events.Where(one => one is { Op: Op.Revoke, Ev: Known.Ok }))
        {
            var late = facts.Evidence.Events.LastOrDefault(one =>
                one.Conn == revoked.Conn && one.Op is Op.Recv or Op.Ack or Op.Welcome && one.Ev == Known.Ok
                    && one.At - revoked.At > facts.Evidence.RevocationSeen
                && one.Conn is not null);
            if (late is not null)
                yield return $"connection {late.Conn} got a frame {(late.At - revoked.At).TotalSeconds:0.0} s after its token was revoked";
        }
    }
}
