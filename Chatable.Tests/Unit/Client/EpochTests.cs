using Chatable.Client;
using Chatable.Client.Session;
using Chatable.Client.Wire;

namespace Chatable.Tests.Unit.Client;

/// <summary>A log that continues in another epoch: the device keeps its position and forgets acks beyond the shared part.</summary>
public sealed class EpochTests
{
    private static readonly Guid s_old = Guid.NewGuid();
    private static readonly Guid s_next = Guid.NewGuid();
    private static readonly ChatCursor s_shared = new(s_next, 7);

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public void TheCursorGetsTheEpochAndNothingIsLoadedAnew()
    {
        var session = Greeted();

        session.Received(new EpochFrame(s_shared), TimeSpan.Zero);

        Assert.Equal(new ChatCursor(s_next, 5), session.Cursor);
        var effects = Effects(session);
        Assert.Contains(new GoOn(s_shared), effects);
        Assert.DoesNotContain(effects, effect => effect is StartOver or Leave);
    }

    [Fact]
    public void WhatWasAckedBeyondWhatIsSharedIsSurfacedWhereAnotherMessageStandsThere()
    {
        var session = Greeted();
        session.Received(new EpochFrame(s_shared), TimeSpan.Zero);
        Effects(session);

        for (var seq = 6; seq <= 9; seq++)
            session.Received(new MessageFrame(Message(seq)), TimeSpan.Zero);

        Assert.Equal([6L, 8L, 9L], Effects(session).OfType<Surface>().Select(surface => surface.Message.Seq));
    }

    [Fact]
    public void AnEpochThatEndsBeforeTheCursorIsAFault()
    {
        var session = Greeted();

        session.Received(new EpochFrame(new ChatCursor(s_next, 4)), TimeSpan.Zero);

        Assert.Contains(new Leave(LeaveReason.BadFrame), Effects(session));
        Assert.Equal(new ChatCursor(s_old, 5), session.Cursor);
    }

    [Fact]
    public async Task AFileRemembersIt()
    {
        var folder = Directory.CreateTempSubdirectory("chatable-epochs-");
        var path = Path.Combine(folder.FullName, "store");
        await using (var store = new FileChatStore(path))
        {
            await store.ResetAsync(new ChatCursor(s_old, 5), _ct);
            await store.SettleAsync("c1", 7, _ct);
            await store.SettleAsync("c2", 9, _ct);
            await store.GoOnAsync(s_shared, _ct);
        }

        await using (var store = new FileChatStore(path))
        {
            var content = await store.LoadAsync(_ct);
            Assert.Equal(new ChatCursor(s_next, 5), content.Cursor);
            Assert.Equal([7L], content.SettledAhead);
        }

        folder.Delete(recursive: true);
    }

    // At position 5, with acks at 7 and 9.
    private static ClientSession Greeted()
    {
        var session = new ClientSession(
            new SessionSettings(), new ChatStoreContent(new ChatCursor(s_old, 5), [], new HashSet<long> { 7, 9 }));
        session.Opened(TimeSpan.Zero);
        session.Received(new WelcomeFrame(s_next, 9, TimeSpan.FromSeconds(20), 16 * 1024, 4), TimeSpan.Zero);
        Effects(session);
        return session;
    }

    private static List<SessionEffect> Effects(ClientSession session)
    {
        List<SessionEffect> effects = [];
        while (session.TryTake(out var effect))
            effects.Add(effect);
        return effects;
    }

    private static ChatMessage Message(long seq) => new()
    {
        Seq = seq,
        MessageId = Guid.NewGuid(),
        Conversation = 1,
        ConversationSeq = seq,
        Author = "bob",
        Recipient = "alice",
        Text = "hello",
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
