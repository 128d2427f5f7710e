using System.Text;
using Chatable.ApiService.Realtime.Sessions.V2;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.Tests.Unit.Contracts;

namespace Chatable.Tests.Unit.Realtime;

public class SendWindowTests
{
    private const int Window = 3;

    private readonly SendWindow _sends = new(Window);

    [Fact]
    public void EachMessageGoesBehindItsPredecessorInItsConversation()
    {
        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after a", Admit("b"));
        Assert.Equal("sent", Admit("x", "carol"));
        Assert.True(_sends.Settle(Id("b")));
        Assert.Equal("sent after a", Admit("c", "ALICE"));
    }

    [Fact]
    public void AnAckTakesAMessageOutAndASecondOneFindsNothing()
    {
        Admit("a");

        Assert.True(_sends.Settle(Id("a")));
        Assert.False(_sends.Settle(Id("a")));
        Assert.Equal("sent", Admit("b"));
    }

    [Fact]
    public void AMessageOfTheLogSettlesWhatSaysTheSameAndNothingElseUnderItsId()
    {
        var message = Samples.Message;
        var stored = MessageEntry.Of(message);
        foreach (var (recipient, body) in ((string, string)[])[(message.Recipient, "something else"), ("somebody_else", "hello")])
        {
            var sends = new SendWindow(Window);
            sends.Admit(message.ClientId, recipient, Fingerprint.OfCommand(recipient, message.Type, Encoding.UTF8.GetBytes(body)));

            Assert.False(sends.Settle(stored));
            Assert.True(sends.Drop(message.ClientId));
        }

        var loud = message.Recipient.ToUpperInvariant();
        _sends.Admit(message.ClientId, loud, Fingerprint.OfCommand(loud, message.Type, message.Body.Span));
        Assert.True(_sends.Settle(stored));
        Assert.False(_sends.Drop(message.ClientId));
    }

    [Fact]
    public void NothingNewGoesWhileItsPredecessorIsRefused()
    {
        Admit("a");
        _sends.Refuse(Id("a"));

        Assert.Equal("out of order", Admit("b"));
        Assert.Equal("out of order", Admit("c"));
        Assert.Equal("sent", Admit("x", "carol"));

        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after a", Admit("b"));
    }

    [Fact]
    public void WhatComesAgainWithoutItsRefusedPredecessorsHasGivenThemUp()
    {
        Admit("a");
        _sends.Refuse(Id("a"));
        Admit("b");

        Assert.Equal("sent", Admit("b"));
        Assert.False(_sends.Settle(Id("a")));
    }

    [Fact]
    public void APredecessorThatCameAgainAndWasRefusedAgainIsNotGivenUp()
    {
        Admit("a");
        _sends.Refuse(Id("a"));
        Admit("b");
        Admit("a");
        _sends.Refuse(Id("a"));

        Assert.Equal("out of order", Admit("b"));
        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after a", Admit("b"));
    }

    [Fact]
    public void AMessageThatComesAgainAfterItsAckIsNoOnesPredecessor()
    {
        Admit("a");
        Admit("b");
        _sends.Settle(Id("a"));

        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after b", Admit("c"));
    }

    [Fact]
    public void OnlySoManyAcksAreRemembered()
    {
        for (var i = 0; i <= 2 * Window; i++)
        {
            Admit($"m{i}");
            _sends.Settle(Id($"m{i}"));
        }

        Admit("new");
        Assert.Equal("sent after new", Admit("m0"));
        Assert.Equal("sent after m0", Admit("newer"));
        Assert.Equal("sent", Admit("m1"));
    }

    [Fact]
    public void WhatComesAgainKeepsItsPendingPredecessor()
    {
        Admit("a");
        Admit("b");
        _sends.Refuse(Id("b"));

        Assert.Equal("sent after a", Admit("b"));
        Assert.Equal("sent", Admit("a"));
    }

    [Fact]
    public void PastTheWindowAMessageIsRefusedAndKeepsItsPlace()
    {
        Admit("a");
        Admit("b");
        Admit("c");

        Assert.Equal("window full", Admit("d"));
        Assert.Equal("out of order", Admit("e"));
        _sends.Settle(Id("a"));
        Assert.Equal("out of order", Admit("e2"));
        Assert.Equal("sent after c", Admit("d"));
        Assert.Equal("sent after b", Admit("c"));
    }

    [Fact]
    public void NoRefusedOneIsForgottenAndPastTheLimitNoneIsListed()
    {
        string[] ids = [.. Enumerable.Range(0, 8 * Window).Select(i => $"m{i}")];
        foreach (var id in ids)
        {
            Admit(id, recipient: $"to_{id}");
            _sends.Refuse(Id(id));
        }

        Assert.Equal("too many", Admit("another", recipient: "carol"));
        Assert.Equal("sent", Admit("m7", recipient: "to_m7"));
        Assert.All(ids, id => Assert.True(_sends.Settle(Id(id))));
    }

    /// <summary>One that has its ack and comes again is nobody's predecessor, however much the user's other devices wrote since.</summary>
    [Fact]
    public void WhatOtherDevicesHaveStoredPushesOutNothingOfThisOnes()
    {
        Admit("a");
        _sends.Settle(Id("a"));
        for (var i = 0; i < 100; i++)
            _sends.Settle(Id($"other{i}"));
        Admit("lost");

        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after lost", Admit("b"));
    }

    /// <summary>
    /// After a reconnect the client sends all that has no ack, while the log shows it that the first are stored. Those do not come again,
    /// whatever they are answered, so nothing may wait for them.
    /// </summary>
    [Fact]
    public void WhatTheLogHasShownIsNobodysPredecessor()
    {
        Assert.False(_sends.Settle(Id("a")));
        Assert.False(_sends.Settle(Id("b")));

        Assert.Equal("sent", Admit("a"));
        _sends.Refuse(Id("a"));
        Assert.Equal("sent", Admit("b"));
        Assert.Equal("sent", Admit("c"));
        _sends.Refuse(Id("c"));
        Assert.Equal("out of order", Admit("d"));
        Assert.Equal("sent", Admit("c"));
        Assert.Equal("sent after c", Admit("d"));
    }

    private string Admit(string id, string recipient = "alice")
    {
        var (admission, after) = _sends.Admit(Id(id), recipient);
        return admission switch
        {
            Admission.OutOfOrder => "out of order",
            Admission.WindowFull => "window full",
            Admission.TooManyRefused => "too many",
            _ when after is { } predecessor => $"sent after {predecessor.Text}",
            _ => "sent",
        };
    }

    private static ClientId Id(string text) => Samples.Client(text);
}
