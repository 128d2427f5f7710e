using Chatable.Messaging;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;

namespace Chatable.Tests.Unit.Messaging;

public sealed class BatchPlanTests
{
    private static readonly DateTime s_now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void SeqsCountOnFromTheHeadsInTheOrderOfTheEntries()
    {
        var snapshot = Snapshot((1, 10), (2, 20), (3, 0));
        snapshot.Conversations[new UserPair(1, 2)] = new ConversationHead(7, 5, s_now.AddSeconds(-1));
        snapshot.Conversations[new UserPair(1, 3)] = new ConversationHead(8, 0, DateTime.MinValue);

        var plan = Plan(snapshot, Entry(1, 2, "a"), Entry(3, 1, "b"), Entry(2, 1, "c"));

        Assert.Equal([(7, 6L), (8, 1), (7, 7)], plan.Messages.Select(row => (row.Message.ConversationId, row.Message.ConversationSeq)));
        Assert.Equal([11, 1, 22], plan.Messages.Select(row => row.AuthorSeq));
        Assert.Equal(new Dictionary<long, long> { [1] = 13, [2] = 22, [3] = 1 }, plan.Heads);
        Assert.Equal([(1, 11L), (2, 21), (3, 1), (1, 12), (2, 22), (1, 13)], plan.Envelopes.Select(row => (row.UserId, row.Seq)));
        Assert.Equal(7, plan.Conversations[new UserPair(1, 2)].LastSeq);
        Assert.Equal([s_now, s_now, s_now.AddTicks(10)], plan.Messages.Select(row => row.Message.CreatedAt));
    }

    [Fact]
    public void RepeatWithinABatchStandsWhereTheFirstOneDoesAndTellsTheHeadsUpToItself()
    {
        var snapshot = Snapshot((1, 0), (2, 0));
        snapshot.Conversations[new UserPair(1, 2)] = new ConversationHead(7, 0, DateTime.MinValue);

        var plan = Plan(snapshot, Entry(1, 2, "a"), Entry(2, 1, "x"), Entry(1, 2, "a"), Entry(2, 1, "y"));

        var repeated = Assert.IsType<CommandRepeated>(plan.Outcomes[2]);
        Assert.Equal((7, 1, 1), (repeated.Place().ConversationId, repeated.Place().ConversationSeq, repeated.ActorSeq));
        Assert.Equal([new Recipient(1, 2), new Recipient(2, 2)], repeated.Heads);
        Assert.Equal(3, plan.Messages.Count);
    }

    [Fact]
    public void NothingNewMeansNothingToWrite()
    {
        var snapshot = Snapshot((1, 4), (2, 9));
        var entry = Entry(1, 2, "a");
        snapshot.Conversations[new UserPair(1, 2)] = new ConversationHead(7, 3, s_now);
        snapshot.Stored[entry.Key()] = Stored(entry, 7, new MessagePlace(Guid.NewGuid(), 7, 3, 2, s_now));

        var plan = Plan(snapshot, entry, Entry(1, 2, "b", after: "lost"));

        Assert.Equal(2, Assert.IsType<CommandRepeated>(plan.Outcomes[0]).ActorSeq);
        Assert.Equal(RefusalCode.OutOfOrder, Assert.IsType<CommandRefused>(plan.Outcomes[1]).Code);
        Assert.Empty(plan.Messages);
        Assert.Empty(plan.Envelopes);
        Assert.Empty(plan.Heads);
        Assert.Empty(plan.Conversations);
    }

    [Fact]
    public void PredecessorOfAnotherAuthorIsNone()
    {
        IntakeEntry[] entries = [Entry(2, 1, "a"), Entry(1, 2, "b", after: "a"), Entry(1, 2, "a"), Entry(1, 2, "b", after: "a")];
        Assert.Equal(
            [Disposition.New, Disposition.OutOfOrder, Disposition.New, Disposition.New],
            Dispositions.Decide(entries, new BatchSnapshot()));
    }

    [Fact]
    public void StoredMessageIsARepeatThoughItsPredecessorIsGone()
    {
        var entry = Entry(1, 2, "b", after: "a");
        var snapshot = new BatchSnapshot();
        snapshot.Conversations[new UserPair(1, 2)] = new ConversationHead(7, 1, s_now);
        snapshot.Stored[entry.Key()] = Stored(entry, 7, default);
        Assert.Equal([Disposition.Repeat, Disposition.New], Dispositions.Decide([entry, Entry(1, 2, "c", after: "b")], snapshot));
    }

    private static BatchPlan Plan(BatchSnapshot snapshot, params IntakeEntry[] entries) =>
        BatchPlan.Make(entries, Dispositions.Decide(entries, snapshot), snapshot);

    private static StoredMessage Stored(IntakeEntry entry, long conversation, MessagePlace place) =>
        new(place, Fingerprint.Of(conversation, entry.Type, entry.Body.Span));

    private static BatchSnapshot Snapshot(params (long User, long Head)[] heads)
    {
        var snapshot = new BatchSnapshot { Now = s_now };
        foreach (var (user, head) in heads)
            snapshot.Heads[user] = head;
        return snapshot;
    }

    private static IntakeEntry Entry(long author, long recipient, string clientId, string? after = null) => new()
    {
        MessageId = Guid.CreateVersion7(),
        ClientId = Parse(clientId),
        After = after is null ? null : Parse(after),
        AuthorId = author,
        Author = "author",
        RecipientId = recipient,
        Recipient = "recipient",
        Body = new byte[] { 0x61 },
        Origin = new Origin(Guid.NewGuid(), 1),
    };

    private static ClientId Parse(string text) =>
        ClientId.TryParse(text, out var id) ? id : throw new ArgumentException(text, nameof(text));
}
