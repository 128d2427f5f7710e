using Chatable.Client;
using Chatable.Client.Connections;
using Chatable.Client.Session;

namespace Chatable.Tests.Client;

/// <summary>A message is given to a connection that takes acknowledged ones out of the outbox at the same time.</summary>
public sealed class MailboxTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheOutboxIsNotLookedAtWhileTheConnectionChangesIt()
    {
        var session = new ClientSession(new SessionSettings(), await new InMemoryChatStore().LoadAsync(Token));
        using var mailbox = new Mailbox(new InMemoryChatStore(), new Inbox(10), session, outboxCapacity: 10, () => TimeSpan.Zero);
        var message = new OutgoingMessage("one", "bob", "hello");
        var first = await mailbox.SubmitAsync(message, Token);

        Task<Task<SentMessage>>? again = null;
        var caller = new Thread(() => again = mailbox.SubmitAsync(message, Token));
        lock (session)
        {
            caller.Start();
            while (caller.ThreadState is not (ThreadState.WaitSleepJoin or ThreadState.Stopped))
                Thread.Yield();
            Assert.Equal(ThreadState.WaitSleepJoin, caller.ThreadState);
        }

        caller.Join();
        Assert.Same(first, await again!);
    }

    [Fact]
    public async Task AFullOutboxTakesWhatItHoldsAndNothingElse()
    {
        var session = new ClientSession(new SessionSettings(), await new InMemoryChatStore().LoadAsync(Token));
        using var mailbox = new Mailbox(new InMemoryChatStore(), new Inbox(10), session, outboxCapacity: 1, () => TimeSpan.Zero);
        var first = await mailbox.SubmitAsync(new OutgoingMessage("one", "bob", "hello"), Token);

        await Assert.ThrowsAsync<ChatOutboxFullException>(() => mailbox.SubmitAsync(new OutgoingMessage("two", "bob", "hello"), Token));
        Assert.Same(first, await mailbox.SubmitAsync(new OutgoingMessage("one", "bob", "hello"), Token));
    }
}
