using Chatable.Messaging;

namespace Chatable.ApiService.Realtime.Sessions;

internal enum Admission
{
    Admitted,

    /// <summary>Its predecessor was refused and not sent again, so it would overtake it.</summary>
    OutOfOrder,

    /// <summary>Too many of the connection's messages are on their way.</summary>
    WindowFull,
}

/// <summary>
/// The messages of one connection that have no answer yet, and those that may come again, in the order the client first sent them.
/// It keeps that order within each conversation: a message goes with the name of its predecessor, which must be stored before it
/// (<c>after</c>), and none goes while its predecessor is refused. At most <paramref name="window"/> are pending, and as many
/// refused; of these the oldest is forgotten first, for only a client that disregards the window has more.
/// </summary>
internal sealed class UnackedSends(int window)
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];

    /// <summary>Lists a message that has come, whatever is then answered; <c>After</c> is its predecessor.</summary>
    public (Admission Admission, ClientId? After) Admit(ClientId id, string conversation)
    {
        lock (_gate)
        {
            var entry = Find(id, conversation) ?? Append(id, conversation);
            // It came again without those before it, so the client has given them up. A new one must wait for them.
            if (!entry.IsNew)
                RemoveRefusedBefore(entry);

            var after = Before(entry).LastOrDefault();
            var admission = after is { IsRefused: true } ? Admission.OutOfOrder
                : !entry.IsPending && _entries.Count(other => other.IsPending) >= window ? Admission.WindowFull
                : Admission.Admitted;
            entry.State = admission == Admission.Admitted ? State.Pending : State.Refused;
            ForgetOldestRefused();
            return (admission, after?.Id);
        }
    }

    /// <summary>The message was answered with an error after which it may come again.</summary>
    public void Refuse(ClientId id)
    {
        lock (_gate)
        {
            foreach (var entry in _entries.Where(entry => entry.Id == id))
                entry.State = State.Refused;
            ForgetOldestRefused();
        }
    }

    /// <summary>The message has its last answer; false where it was not listed.</summary>
    public bool Settle(ClientId id)
    {
        lock (_gate)
            return _entries.RemoveAll(entry => entry.Id == id) > 0;
    }

    private Entry? Find(ClientId id, string conversation) =>
        _entries.Find(entry => entry.Id == id && entry.IsIn(conversation));

    private Entry Append(ClientId id, string conversation)
    {
        var entry = new Entry(id, conversation);
        _entries.Add(entry);
        return entry;
    }

    private IEnumerable<Entry> Before(Entry entry) =>
        _entries.TakeWhile(other => other != entry).Where(other => other.IsIn(entry.Conversation));

    private void RemoveRefusedBefore(Entry entry)
    {
        foreach (var abandoned in Before(entry).Where(other => other.IsRefused).ToArray())
            _entries.Remove(abandoned);
    }

    private void ForgetOldestRefused()
    {
        while (_entries.Count(entry => entry.IsRefused) > window)
            _entries.RemoveAt(_entries.FindIndex(entry => entry.IsRefused));
    }

    private enum State
    {
        New,
        Pending,
        Refused,
    }

    private sealed class Entry(ClientId id, string conversation)
    {
        public ClientId Id => id;

        public string Conversation => conversation;

        public State State { get; set; }

        /// <summary>A conversation is named by its other party; letter case does not distinguish users.</summary>
        public bool IsIn(string other) => conversation.Equals(other, StringComparison.OrdinalIgnoreCase);

        public bool IsNew => State == State.New;

        public bool IsPending => State == State.Pending;

        public bool IsRefused => State == State.Refused;
    }
}
