using Chatable.Client;
using Chatable.Client.Connections;
using Chatable.Client.Session;

namespace Chatable.Tests.Unit.Client;

/// <summary>A message is submitted while the connection removes acknowledged ones from the outbox.</summary>
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

    // Otherwise a device that dies before it has loaded the new log would use its position in the old one in the later epoch.
    [Fact]
    public async Task AnEpochThatComesBeforeAResetIsTakenLeavesTheStoredCursorAlone()
    {
        var (old, next, after) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var store = new InMemoryChatStore();
        await store.ResetAsync(new ChatCursor(old, 100), Token);
        var session = new ClientSession(new SessionSettings(), await store.LoadAsync(Token));
        var inbox = new Inbox(10);
        using var mailbox = new Mailbox(store, inbox, session, outboxCapacity: 1, () => TimeSpan.Zero);

        await mailbox.ApplyAsync(new StartOver(new ChatReset(new ChatCursor(next, 50))));
        await mailbox.ApplyAsync(new GoOn(new ChatCursor(after, 50)));
        Assert.Equal(new ChatCursor(old, 100), (await store.LoadAsync(Token)).Cursor);

        await mailbox.FinishAsync((await inbox.PeekAsync(Token))!);
        Assert.Equal(new ChatCursor(next, 50), (await store.LoadAsync(Token)).Cursor);
    }
}
