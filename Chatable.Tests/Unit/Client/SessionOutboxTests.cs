using Chatable.Client;
using Chatable.Client.Session;
using Chatable.Client.Wire;

namespace Chatable.Tests.Unit.Client;

/// <summary>A message that its intake has lost: nobody reports it, and it is sent again only on a new connection.</summary>
public sealed class SessionOutboxTests
{
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(2);

    private readonly SessionOutbox _outbox = new(new SessionSettings());

    public SessionOutboxTests() => _outbox.Begin(window: 32, s_start);

    [Fact]
    public void WhatIsRefusedForWantOfItHoldsUpNoOtherConversation()
    {
        Assert.Equal(("lost", "behind"), (Send("lost", "bob"), Send("behind", "bob")));

        Assert.True(_outbox.TryAgain(new ErrorFrame("behind", "out_of_order", "", IsRetryable: true, TimeSpan.Zero), s_start));

        Assert.Equal("other", Send("other", "carol"));
        Assert.Null(_outbox.Next(s_start + s_wait));
        _outbox.Remove("lost");
        _outbox.Acknowledged();
        Assert.Equal("behind", _outbox.Next(s_start)?.ClientId);
    }

    [Fact]
    public void OnePersonIsOneConversationHoweverTheNameIsSpelt()
    {
        Assert.Equal(("first", "second", "third"), (Send("first", "bob"), Send("second", "Bob"), Send("third", "BOB")));

        Assert.True(_outbox.TryAgain(new ErrorFrame("second", "busy", "", IsRetryable: true, TimeSpan.Zero), s_start));
        _outbox.Remove("first");
        _outbox.Acknowledged();

        // Until the third is answered, the second would overtake it.
        Assert.Null(_outbox.Next(s_start + s_wait));
        Assert.Null(Send("fourth", "bob"));
        _outbox.Remove("third");
        _outbox.Acknowledged();
        Assert.Equal("second", _outbox.Next(s_start + s_wait)?.ClientId);
    }

    [Fact]
    public void AServerInTroubleIsAskedWithOneMessageMore()
    {
        Assert.Equal(("lost", "busy", "too"), (Send("lost", "bob"), Send("busy", "carol"), Send("too", "dave")));

        foreach (var refused in (string[])["busy", "too"])
            Assert.True(_outbox.TryAgain(new ErrorFrame(refused, "busy", "", IsRetryable: true, s_wait), s_start));

        Assert.Null(_outbox.Next(s_start));
        Assert.Equal("busy", _outbox.Next(s_start + s_wait)?.ClientId);
        Assert.Null(_outbox.Next(s_start + s_wait));
    }

    private string? Send(string clientId, string recipient)
    {
        _outbox.Add(new OutgoingMessage(clientId, recipient, "text"));
        return _outbox.Next(s_start)?.ClientId;
    }
}
