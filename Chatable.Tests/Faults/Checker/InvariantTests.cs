using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>Each invariant accepts the good story and rejects it when it is spoiled.</summary>
public sealed class InvariantTests
{
    private static readonly Dictionary<string, IReadOnlyList<SeenMessage>> s_nothing = new() { ["alice"] = [], ["bob"] = [] };

    [Fact]
    public void TheGoodStoryViolatesNothing() => Assert.Empty(Invariant.CheckAll(Story.Good()));

    [Fact]
    public void ThereAreThirteen() => Assert.Equal(Enumerable.Range(1, 13).Select(i => $"I{i}"), Invariant.All.Select(one => one.Name));

    public static TheoryData<string, string> Spoilings => new(s_spoilings.Select(one => (one.Invariant, one.What)));

    [Theory]
    [MemberData(nameof(Spoilings))]
    public void ASpoiledStoryViolatesItsInvariant(string invariant, string what)
    {
        var spoil = s_spoilings.Single(one => one.What == what).Spoil;
        Assert.Contains(Invariant.CheckAll(spoil(Story.Good())), violation => violation.Invariant == invariant);
    }

    private static readonly (string Invariant, string What, Func<Evidence, Evidence> Spoil)[] s_spoilings =
    [
        ("I1", "an acked message is not stored", good => good with { Messages = [.. good.Messages.Skip(1)] }),
        ("I1", "an acked message has no envelope", good => good with { Envelopes = [.. good.Envelopes.Skip(1)] }),
        ("I1", "an acked message is not found over REST", good => good with { Rest = s_nothing }),
        ("I1", "an acked message does not come on a fresh socket", good => good with { Fresh = s_nothing }),
        ("I1", "an ack named another place", good => Change(good, IsAck("c2"), one => one with { ConvSeq = 9 })),
        ("I2", "a stored message was never sent", good => Without(good, one => one is { Op: Op.Send, ClientId: "c3" })),
        ("I2", "a message that failed for good is stored",
            good => Change(good, IsAck("c3"), one => one with { Op = Op.Send, Ev = Known.Fail })),
        ("I3", "a message is stored twice",
            good => good with { Messages = [.. good.Messages, good.Messages[0] with { Id = "m9", ConvSeq = 4 }] }),
        ("I3", "a connection gets a seq again", good => Change(good, IsRecv("bob", 2), one => one with { Seq = 1 })),
        ("I3", "a device shows a message again", good => good with
        {
            Events = [.. good.Events, good.Events.First(one => one.Op == Op.Surface)],
        }),
        ("I3", "the library gives a message twice", TakenTwice),
        ("I3", "the library gives what it gave before a later one", good => Change(good, IsTake(2), one => one with { Seq = 1 })),
        ("I3", "the library gives a device its own message", good => Change(
            good, one => one is { Op: Op.Ack, Proc: Story.Library }, one => one with { Op = Op.Take, Seq = 4 })),
        ("I4", "the library leaves a message out", good => Without(good, IsTake(3))),
        ("I4", "a connection misses a seq", good => Without(good, IsRecv("bob", 1))),
        ("I4", "a connection is told too early that it has caught up", good => Change(
            good, one => one is { Op: Op.CaughtUp, User: "bob" }, one => one with { Seq = 1 })),
        ("I4", "a log has a hole", good => good with { Envelopes = [.. good.Envelopes.Where(one => one is not { User: "bob", Seq: 2 })] }),
        ("I5", "a conversation has a hole", good => good with
        {
            Messages = [.. good.Messages.Select(one => one.Conv == 1 && one.ConvSeq == 3 ? one with { ConvSeq = 4 } : one)],
        }),
        ("I5", "two observers disagree about a place",
            good => Change(good, IsRecv("bob", 2), one => one with { Hash = Story.HashOf("bob", "c1") })),
        ("I5", "a later message has an earlier time", good => good with
        {
            Messages = [.. good.Messages.Select(one => one.Id == "m2" ? one with { CreatedAt = DateTime.UnixEpoch } : one)],
        }),
        ("I5", "a connection gets a conversation out of order", good => Change(good, IsRecv("bob", 2), one => one with { ConvSeq = 0 })),
        ("I6", "a socket's later message stands first", SwapOnOneSocket),
        ("I7", "what was acked before stands behind", good => Change(
            Change(good, IsAck("c1"), one => one with { ConvSeq = 2 }), IsAck("c2"), one => one with { ConvSeq = 1 })),
        ("I8", "somebody else is shown a message", good => Change(good, IsRecv("bob", 1), one => one with { From = "alice", To = "carol" })
            with
        { Messages = good.Messages, Rest = Carol(good) }),
        ("I8", "a message has another author", good => Change(good, IsRecv("bob", 1), one => one with { From = "bob", To = "bob" })),
        ("I9", "a body is stored changed", good => good with
        {
            Messages = [good.Messages[0] with { Hash = "changed" }, .. good.Messages.Skip(1)],
        }),
        ("I9", "a body comes changed", good => Change(good, IsRecv("bob", 1), one => one with { Hash = "changed" })),
        ("I2", "the library gives what nobody sent", good => Change(good, IsTake(2), one => one with { Hash = "unknown" })),
        ("I5", "the library gives a conversation out of order", good => Change(good, IsTake(3), one => one with { ConvSeq = 1 })),
        ("I8", "the library gives somebody else's message",
            good => Change(good, IsTake(2), one => one with { From = "alice", To = "carol" })),
        ("I9", "the library gives another body", good => Change(good, IsTake(2), one => one with { Hash = "changed" })),
        ("I10", "the library never gives the last message", good => Without(
            good, one => one is { Proc: Story.Library, Seq: 5 })),
        ("I10", "the library never tells of an ack", good => Without(good, one => one is { Op: Op.Ack, Proc: Story.Library })),
        ("I10", "a device never shows a message", good => Without(good, one => one is { Op: Op.Surface, User: "bob", Seq: 2 })),
        ("I10", "a device shows a message too late", good => Change(
            good, one => one is { Op: Op.Surface, User: "bob", Seq: 2 }, one => one with { T = 60_000_000 })),
        ("I10", "a sending never has an outcome", good => Without(good, IsAck("c3"))),
        ("I10", "a sending has its outcome too late", good => Change(good, IsAck("c3"), one => one with { T = 60_000_000 })),
        ("I11", "an acked message is not found when read",
            good => Change(good, one => one.Op == Op.RestRead, one => one with { Hash = null })),
        ("I11", "another message is found in its place",
            good => Change(good, one => one.Op == Op.RestRead, one => one with { Hash = "other" })),
        ("I12", "a process has outgrown its bound", good => good with { Measures = [new Measure("api: open files", 200, 110)] }),
        ("I12", "a registration has outlived its socket", good => good with
        {
            Measures = [new Measure("api: registrations beyond its sockets", 1, 0)],
        }),
        ("I12", "a process has ended by itself", good => good with { Surprises = ["worker-1 ended with 134"] }),
        ("I13", "a frame comes after the revocation", good => good with
        {
            Events = [new HistoryEvent(0, "bob/phone", "bob", Known.Ok, Op.Revoke, Conn: 2), .. good.Events.Select(
                one => one.Op == Op.Recv ? one with { T = 6_000_000 } : one)],
        }),
    ];

    private static Func<HistoryEvent, bool> IsAck(string clientId) =>
        one => one is { Op: Op.Ack, User: "alice" } && one.ClientId == clientId;

    private static Func<HistoryEvent, bool> IsRecv(string user, long seq) => one => one.Op == Op.Recv && one.User == user && one.Seq == seq;

    private static Func<HistoryEvent, bool> IsTake(long seq) => one => one is { Op: Op.Take } && one.Seq == seq;

    private static Evidence TakenTwice(Evidence good) => good with
    {
        Events = [.. good.Events.SelectMany(one => one is { Op: Op.Take, Seq: 2 } ? new[] { one, one } : [one])],
    };

    private static Evidence Change(Evidence good, Func<HistoryEvent, bool> which, Func<HistoryEvent, HistoryEvent> change)
    {
        Assert.Contains(good.Events, one => which(one));
        return good with { Events = [.. good.Events.Select(one => which(one) ? change(one) : one)] };
    }

    private static Evidence Without(Evidence good, Func<HistoryEvent, bool> which)
    {
        Assert.Contains(good.Events, one => which(one));
        return good with { Events = [.. good.Events.Where(one => !which(one))] };
    }

    private static Dictionary<string, IReadOnlyList<SeenMessage>> Carol(Evidence good) =>
        new(good.Rest) { ["carol"] = [good.Rest["bob"][0]] };

    // Both are in flight at once, so only the order on the socket counts.
    private static Evidence SwapOnOneSocket(Evidence good)
    {
        var together = good with
        {
            Events = [.. good.Events.OrderBy(one => one is { Op: Op.Send, User: "alice" } ? 0 : 1)
                .Select((one, i) => one with { T = i })],
        };
        return Change(
            Change(together, IsAck("c1"), one => one with { ConvSeq = 2 }), IsAck("c2"), one => one with { ConvSeq = 1 });
    }
}
