using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Repetition
{
    public static IEnumerable<string> NothingTwice(Facts facts) =>
        StoredTwice(facts).Concat(SentTwice(facts)).Concat(ShownTwice(facts)).Concat(LibraryLog.GivenTwice(facts)).Concat(
            ListedTwice(facts.Evidence.Rest, "over REST")).Concat(ListedTwice(facts.Evidence.Fresh, "on a fresh socket"));

    private static IEnumerable<string> StoredTwice(Facts facts) =>
        facts.StoredByName.Where(same => same.Count() > 1)
            .Select(same => $"{same.Key.ClientId} of {same.Key.Author} is stored {same.Count()} times");

    private static IEnumerable<string> SentTwice(Facts facts)
    {
        foreach (var connection in facts.Connections)
        {
            long last = -1;
            foreach (var one in connection.Where(Continuity.IsOfTheLog))
            {
                if (one.Seq <= last)
                    yield return $"connection {one.Conn} of {one.Proc} got seq {one.Seq} after {last}";
                last = Math.Max(last, one.Seq ?? last);
            }
        }
    }

    private static IEnumerable<string> ShownTwice(Facts facts) =>
        facts.Events.Where(one => one.Op == Op.Surface)
            .GroupBy(one => (one.Proc, one.Hash)).Where(same => same.Count() > 1)
            .Select(same => $"{same.Key.Proc} showed a message {same.Key.Hash} {same.Count()} times");

    private static IEnumerable<string> ListedTwice(IReadOnlyDictionary<string, IReadOnlyList<SeenMessage>> views, string where) =>
        views.SelectMany(view => view.Value.GroupBy(one => one.Hash).Where(same => same.Count() > 1)
            .Select(same => $"{view.Key} finds a message {same.Key} {same.Count()} times {where}"));
}
