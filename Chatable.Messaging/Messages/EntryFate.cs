using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Messages;

internal enum EntryFate
{
    New,
    Repeat,
    OutOfOrder,
}

internal static class EntryFates
{
    /// <summary>Decides about each entry in turn, from what is stored and from the entries before it.</summary>
    public static EntryFate[] Decide(IReadOnlyList<IntakeEntry> entries, IReadOnlyDictionary<MessageKey, MessagePlace> stored)
    {
        var accepted = new HashSet<MessageKey>();
        var fates = new EntryFate[entries.Count];
        for (var i = 0; i < fates.Length; i++)
        {
            fates[i] = DecideOne(entries[i]);
            if (fates[i] is EntryFate.New)
                accepted.Add(entries[i].Key());
        }

        return fates;

        bool IsThere(MessageKey key) => accepted.Contains(key) || stored.ContainsKey(key);

        // What is stored already is a repeat even if its predecessor cannot be found: its place is settled.
        EntryFate DecideOne(IntakeEntry entry) =>
            IsThere(entry.Key()) && !SeededBug.Is("dedupe_off") ? EntryFate.Repeat
            : entry.AfterKey() is not { } after || IsThere(after) || SeededBug.Is("after_guard_off") ? EntryFate.New
            : EntryFate.OutOfOrder;
    }

    public static MessageKey Key(this IntakeEntry entry) => new(entry.AuthorId, entry.ClientId.Key);

    public static MessageKey? AfterKey(this IntakeEntry entry) =>
        entry.After is { } after ? new MessageKey(entry.AuthorId, after.Key) : null;

    public static UserPair Pair(this IntakeEntry entry) => UserPair.Of(entry.AuthorId, entry.RecipientId);
}
