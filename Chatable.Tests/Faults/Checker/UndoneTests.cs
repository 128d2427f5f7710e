using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>What a failover has undone is ignored, and nothing else.</summary>
public sealed class UndoneTests
{
    private const long Conversation = 1;

    private static readonly StoredMessage s_lost =
        new("m90", "alice", "bob", "c90", Conversation, 90, Story.HashOf("alice", "c90"), DateTime.UnixEpoch);

    [Fact]
    public void WhatOnlyTheServerThatDiedHadIsForgotten()
    {
        var failedOver = FailOver(Story.Good());

        Assert.Empty(Invariant.CheckAll(failedOver));
        Assert.Contains(Invariant.CheckAll(failedOver with { Past = [] }), violation => violation.Invariant == "I1");
        Assert.Contains(Invariant.CheckAll(failedOver with { AcksSurvive = true }), violation => violation.Invariant == "I1");
    }

    [Fact]
    public void WhatIsStoredAgainElsewhereIsJudgedByItsNewPlace()
    {
        var stored = s_lost with { ConvSeq = 6, CreatedAt = DateTime.UnixEpoch.AddDays(1) };
        var again = FailOver(Story.Good());
        var seen = new SeenMessage(stored.Id, stored.From, stored.To, stored.Conv, stored.ConvSeq, stored.Hash);
        again = again with
        {
            Messages = [.. again.Messages, stored],
            Envelopes = [.. again.Envelopes, new("alice", 7, stored.Id), new("bob", 6, stored.Id)],
            Rest = again.Rest.ToDictionary(one => one.Key, one => (IReadOnlyList<SeenMessage>)[.. one.Value, seen]),
            Fresh = again.Fresh.ToDictionary(
                one => one.Key, one => (IReadOnlyList<SeenMessage>)[.. one.Value, seen with { Seq = one.Value.Count + 1 }]),
            Events =
            [
                .. again.Events, Event("alice", Op.Surface, stored) with { T = At(11) }, Event("bob", Op.Surface, stored) with { T = At(11) },
                Event("bob", Op.Surface, stored) with { T = At(11), Proc = Story.Library },
            ],
        };

        Assert.Empty(Invariant.CheckAll(again));
        var unseen = again with { Events = [.. again.Events.Where(one => one.Proc != Story.Library || one.Hash != stored.Hash)] };
        Assert.Contains(Invariant.CheckAll(unseen), violation => violation.Invariant == "I10");
    }

    [Fact]
    public void WhatWasAckedAfterwardsMustBeThere()
    {
        var later = s_lost with { Id = "m91", ClientId = "c91", Hash = Story.HashOf("alice", "c91") };
        var failedOver = FailOver(Story.Good());
        failedOver = failedOver with { Events = [.. failedOver.Events, Sending(later), Event("alice", Op.Ack, later)] };

        Assert.Contains(Invariant.CheckAll(failedOver), violation => violation.Invariant == "I1");
    }

    // Alice's message is acked and Bob has seen it; then both are told to start over.
    private static Evidence FailOver(Evidence good) => good with
    {
        Past = [.. good.Messages, s_lost],
        Events =
        [
            .. good.Events, Sending(s_lost), Event("alice", Op.Ack, s_lost), Event("alice", Op.Surface, s_lost),
            Event("bob", Op.Surface, s_lost), Event("bob", Op.Surface, s_lost) with { Proc = Story.Library },
            new(At(9), "nemesis", "", Known.Ok, Op.Lose),
            .. ((string[])["alice/phone", "bob/phone", Story.Library]).Select(
                proc => new HistoryEvent(At(10), proc, proc.Split('/')[0], Known.Ok, Op.Reset, Seq: 5)),
        ],
    };

    private static HistoryEvent Sending(StoredMessage message) => Event("alice", Op.Send, message) with { Ev = Known.Invoke, Id = null };

    // Times follow the kind of event; the failover's events come last.
    private static HistoryEvent Event(string user, Op op, StoredMessage message) => new(
        At(op == Op.Send ? 1 : op == Op.Ack ? 2 : 3), $"{user}/phone", user, Known.Ok, op, null, message.Id,
        user == message.From ? message.ClientId : null, null, message.Conv, message.ConvSeq, message.From, message.To, message.Hash);

    private static long At(int step) => 1_000_000 + 1000 * step;
}
