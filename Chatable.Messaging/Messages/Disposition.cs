using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Messages;

internal enum Disposition
{
    New,
    Repeat,

    /// <summary>Its author has given its client id to another message.</summary>
    KeyReused,

    OutOfOrder,
}

internal static class Dispositions
{
    /// <summary>Decides about each entry in turn, from what is stored and from the entries before it.</summary>
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

        // What is stored already is a repeat even if its predecessor cannot be found: its place is settled.
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
