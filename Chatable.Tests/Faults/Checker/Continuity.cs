using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

internal static class Continuity
{
    /// <summary>Frames that advance the log: messages, and acks in place of messages.</summary>
    public static bool IsOfTheLog(HistoryEvent one) => one is { Op: Op.Recv } or { Op: Op.Ack, Ev: Known.Ok, Repeat: false, Seq: not null };

    public static IEnumerable<string> NoHole(Facts facts) =>
        facts.Connections.SelectMany(HolesOf).Concat(HolesInLogs(facts)).Concat(HolesInFreshReads(facts)).Concat(LibraryLog.LeftOut(facts));

    private static IEnumerable<string> HolesOf(IGrouping<int, HistoryEvent> connection)
    {
        long? position = null;
        foreach (var one in connection)
        {
            switch (one.Op)
            {
                case Op.Hello:
                    position = one.Seq;
                    break;

                // "From now on" starts at the head that the server names.
                case Op.Welcome:
                    position ??= one.Seq;
                    break;
                case Op.Reset:
                    position = one.Seq;
                    break;
                case var _ when IsOfTheLog(one):
                    if (position is { } before && one.Seq > before + 1)
                        yield return $"connection {one.Conn} of {one.Proc} got seq {one.Seq} after {before}, "
                            + $"at {one.At.TotalSeconds:0.000} s";
                    position = one.Seq;
                    break;
                case Op.CaughtUp when position < one.Seq:
                    yield return $"connection {one.Conn} of {one.Proc} was told it had caught up with {one.Seq} at {position}";
                    break;
            }
        }
    }

    private static IEnumerable<string> HolesInLogs(Facts facts) =>
        facts.Evidence.Envelopes.GroupBy(one => one.User)
            .SelectMany(log => Dense(log.Select(one => one.Seq), $"the log of {log.Key}"));

    private static IEnumerable<string> HolesInFreshReads(Facts facts) =>
        facts.Evidence.Fresh.SelectMany(view => Dense(view.Value.Select(one => one.Seq ?? 0), $"a fresh socket of {view.Key}"));

    /// <summary>Reports where the numbers are not 1, 2, 3 …</summary>
    public static IEnumerable<string> Dense(IEnumerable<long> numbers, string what)
    {
        long expected = 1;
        foreach (var number in numbers.Order())
        {
            if (number != expected)
            {
                yield return $"{what} has {number} where {expected} belongs";
                yield break;
            }

            expected++;
        }
    }
}
