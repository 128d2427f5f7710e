using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Messages;

/// <summary>
/// Turns a batch and a <see cref="BatchSnapshot"/> into rows and outcomes, without database access. Every seq is its predecessor plus one.
/// The locks on the heads keep the seqs dense.
/// </summary>
internal sealed class BatchPlan
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    private readonly BatchSnapshot _snapshot;
    private readonly Dictionary<MessageKey, MessagePlace> _placed = [];
    private readonly IDispatch[] _outcomes;

    private BatchPlan(BatchSnapshot snapshot, int entries)
    {
        _snapshot = snapshot;
        _outcomes = new IDispatch[entries];
        Messages = new List<(MessageRecord, long)>(entries);
    }

    /// <summary>The number of the epoch of all rows and outcomes.</summary>
    public int Epoch => _snapshot.Epoch ?? 0;

    /// <summary>The outcome of each entry, in the order of the entries.</summary>
    public IReadOnlyList<IDispatch> Outcomes => _outcomes;

    /// <summary>The new messages in the order of their entries, each with the seq of its author's own envelope.</summary>
    public List<(MessageRecord Message, long AuthorSeq)> Messages { get; }

    /// <summary>One envelope for each user of each new message.</summary>
    public List<(long UserId, long Seq, ConversationHead Message)> Envelopes { get; } = [];

    /// <summary>The heads that advance, and the conversations.</summary>
    public Dictionary<long, long> Heads { get; } = [];

    public Dictionary<UserPair, ConversationHead> Conversations { get; } = [];

    /// <summary>
    /// The inbox rows to update: each participant of a new conversation, or of one whose last message now falls in another minute.
    /// </summary>
    public IEnumerable<(long Conversation, long User, DateTime Minute)> Activity => Conversations
        .Where(moved => MinuteOf(moved.Value) != MinuteOf(_snapshot.Conversations[moved.Key]))
        .SelectMany(moved => ParticipantsOf(moved.Key).Select(user => (moved.Value.Id, user, MinuteOf(moved.Value))));

    /// <param name="entries">The batch.</param>
    /// <param name="dispositions">The result of <see cref="Dispositions.Decide"/> for the batch.</param>
    /// <param name="snapshot">Must hold the head of each user, and a conversation for each new message.</param>
    public static BatchPlan Make(IReadOnlyList<IntakeEntry> entries, Disposition[] dispositions, BatchSnapshot snapshot)
    {
        var plan = new BatchPlan(snapshot, entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            plan._outcomes[i] = dispositions[i] switch
            {
                Disposition.New => plan.Store(entries[i]),
                Disposition.Repeat => plan.Repeat(entries[i]),
                Disposition.KeyReused => new CommandRefused(entries[i].ClientId, RefusalCode.KeyReused, entries[i].Origin),
                _ => new CommandRefused(entries[i].ClientId, RefusalCode.OutOfOrder, entries[i].Origin),
            };
        }

        return plan;
    }

    private static DateTime MinuteOf(ConversationHead head) =>
        head.LastMessageAt.AddTicks(-(head.LastMessageAt.Ticks % TimeSpan.TicksPerMinute));

    private static long[] ParticipantsOf(UserPair pair) => pair.Low == pair.High ? [pair.Low] : [pair.Low, pair.High];

    private EntryStored Store(IntakeEntry entry)
    {
        var place = AdvanceConversation(entry);
        var message = ToRecord(entry, place);
        var author = AdvanceHead(entry.AuthorId, place);
        Recipients recipients =
            entry.RecipientId == entry.AuthorId ? [author] : [author, AdvanceHead(entry.RecipientId, place)];

        Messages.Add((message, author.Seq));
        _placed[entry.Key()] = new MessagePlace(
            message.MessageId, message.ConversationId, message.ConversationSeq, author.Seq, message.CreatedAt);
        return new EntryStored(MessageEntry.Of(message), recipients, entry.Origin, entry.Trace) { Epoch = Epoch };
    }

    private CommandRepeated Repeat(IntakeEntry entry)
    {
        var place = _placed.TryGetValue(entry.Key(), out var here) ? here : _snapshot.Stored[entry.Key()].Place;
        Recipients heads = entry.RecipientId == entry.AuthorId
            ? [HeadOf(entry.AuthorId)]
            : [HeadOf(entry.AuthorId), HeadOf(entry.RecipientId)];
        return new CommandRepeated(
            entry.ClientId, MessageEntry.AckFields(place.MessageId, place.ConversationId, place.ConversationSeq, place.CreatedAt),
            place.AuthorSeq, heads, entry.Origin)
        {
            Epoch = Epoch,
        };
    }

    private Recipient HeadOf(long user) => new(user, Heads.TryGetValue(user, out var moved) ? moved : _snapshot.Heads[user]);

    private Recipient AdvanceHead(long user, ConversationHead message)
    {
        var seq = Heads[user] = HeadOf(user).Seq + 1;
        Envelopes.Add((user, seq, message));
        return new Recipient(user, seq);
    }

    // Clocks may step back or stand still. Times in a conversation never do, so they cannot contradict its order.
    private ConversationHead AdvanceConversation(IntakeEntry entry)
    {
        var pair = entry.Pair();
        var head = Conversations.TryGetValue(pair, out var moved) ? moved : _snapshot.Conversations[pair];
        var earliest = head.LastMessageAt.AddTicks(TicksPerMicrosecond);
        return Conversations[pair] = new ConversationHead(
            head.Id, head.LastSeq + 1, earliest > _snapshot.Now ? earliest : _snapshot.Now);
    }

    private static MessageRecord ToRecord(IntakeEntry entry, ConversationHead head) => new()
    {
        MessageId = entry.MessageId,
        ConversationId = head.Id,
        ConversationSeq = head.LastSeq,
        ClientId = entry.ClientId,
        AuthorId = entry.AuthorId,
        Author = entry.Author,
        RecipientId = entry.RecipientId,
        Recipient = entry.Recipient,
        Type = entry.Type,
        Body = entry.Body,
        CreatedAt = head.LastMessageAt,
    };
}

internal enum Disposition
{
    New,
    Repeat,

    /// <summary>The author has already used this client id for another message.</summary>
    KeyReused,

    OutOfOrder,
}

internal static class Dispositions
{
    /// <summary>Decides each entry in turn, from the stored messages and the entries before it.</summary>
    public static Disposition[] Decide(IReadOnlyList<IntakeEntry> entries, BatchSnapshot snapshot)
    {
        var accepted = new Dictionary<MessageKey, int>();
        var dispositions = new Disposition[entries.Count];
        for (var i = 0; i < dispositions.Length; i++)
        {
            dispositions[i] = DecideOne(entries[i]);
            if (dispositions[i] is Disposition.New)
                accepted[entries[i].Key()] = i;
        }

        return dispositions;

        bool IsThere(MessageKey key) => accepted.ContainsKey(key) || snapshot.Stored.ContainsKey(key);

        // A message that is already stored is a repeat even if its predecessor is missing: its place is fixed.
        Disposition DecideOne(IntakeEntry entry) =>
            IsThere(entry.Key()) ? IsSentAgain(entry) ? Disposition.Repeat : Disposition.KeyReused
            : entry.AfterKey() is not { } after || IsThere(after) ? Disposition.New
            : Disposition.OutOfOrder;

        bool IsSentAgain(IntakeEntry entry) =>
            accepted.TryGetValue(entry.Key(), out var first)
                ? IsSame(entries[first], entry)
                : snapshot.Conversations.TryGetValue(entry.Pair(), out var conversation)
                    && snapshot.Stored[entry.Key()].Fingerprint == Fingerprint.Of(conversation.Id, entry.Type, entry.Body.Span);
    }

    private static bool IsSame(IntakeEntry one, IntakeEntry other) =>
        one.Pair() == other.Pair() && one.Type == other.Type && one.Body.Span.SequenceEqual(other.Body.Span);

    public static MessageKey Key(this IntakeEntry entry) => new(entry.AuthorId, entry.ClientId.Key);

    public static MessageKey? AfterKey(this IntakeEntry entry) =>
        entry.After is { } after ? new MessageKey(entry.AuthorId, after.Key) : null;

    public static UserPair Pair(this IntakeEntry entry) => UserPair.Of(entry.AuthorId, entry.RecipientId);
}
