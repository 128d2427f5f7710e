namespace Chatable.Tests.Faults.Checker;

internal sealed record Violation(string Invariant, string What)
{
    public override string ToString() => $"{Invariant}: {What}";
}

/// <param name="Name">I1 to I13.</param>
/// <param name="Statement">What holds in every run.</param>
/// <param name="Check">Reports where it does not hold.</param>
internal sealed record Invariant(string Name, string Statement, Func<Facts, IEnumerable<string>> Check)
{
    public static IReadOnlyList<Invariant> All { get; } =
    [
        new("I1", "every acked message is in SQL, over REST and on a fresh socket, for both parties", Presence.AckedIsEverywhere),
        new("I2", "nothing appears that was never sent, or whose sending failed for good", Presence.NothingUnsent),
        new("I3", "no message is stored, sent on a connection, given by the library or shown on a device twice", Repetition.NothingTwice),
        new("I4", "a connection gets its log without a hole, and no log has one; the library gives all but its device's own",
            Continuity.NoHole),
        new("I5", "all see a conversation in one order, numbered from 1 without a hole", Order.OneOrder),
        new("I6", "messages of one socket to one conversation keep their order", Order.SenderFirstInFirstOut),
        new("I7", "what was acked before something was sent stands before it", Order.RealTime),
        new("I8", "nobody gets what does not concern them; the author is who sent it", Isolation.OnlyParties),
        new("I9", "a body arrives as it was sent", Isolation.BodiesAreWhole),
        new("I10", "soon after the faults every device has everything and every sending has an outcome", Liveness.Recovers),
        new("I11", "what is acked can be read", Presence.AckedCanBeRead),
        new("I12", "processes stay within their bounds and end only when told to", Liveness.WithinBounds),
        new("I13", "no frame comes later than 5 s after the token was revoked (60 s where Redis cannot announce it)",
            Isolation.NothingAfterRevocation),
    ];

    /// <summary>All violations in a run, at most <paramref name="most"/> per invariant.</summary>
    public static IReadOnlyList<Violation> CheckAll(Evidence evidence, int most = 5)
    {
        var facts = new Facts(evidence);
        return [.. All.SelectMany(one => one.Check(facts).Take(most).Select(what => new Violation(one.Name, what)))];
    }
}
