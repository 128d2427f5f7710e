using Chatable.Messaging;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sessions.V2;

internal enum Admission
{
    Admitted,

    /// <summary>Its predecessor was refused and not sent again, so this message would overtake it.</summary>
    OutOfOrder,

    /// <summary>Too many of the connection's messages are in flight.</summary>
    WindowFull,

    /// <summary>So many refused messages wait to be resent that the order of more cannot be kept.</summary>
    TooManyRefused,
}

/// <summary>
/// The messages of one connection without an answer, and those that may be resent, in the order in which the client first sent them. It
/// keeps that order within each conversation: a message names its predecessor, which must be stored before it (<c>after</c>), and no
/// message is sent while its predecessor is refused. At most <paramref name="window"/> are pending. A refused message is never forgotten
/// while the connection lasts, because it could then be stored after its successors. Beyond a limit, which only a client that ignores the
/// window reaches, the connection must end.
/// </summary>
internal sealed class SendWindow(int window)
{
    private const int WindowsOfRefused = 8;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly RecentIds _stored = new(2 * window);

    // Separate from _stored, because the user's other devices fill it: they must not evict this connection's own messages.
    private readonly RecentIds _shown = new(2 * window);
    private long _sends;

    /// <summary>
    /// Lists a message that has arrived, whatever the answer to it will be. <c>After</c> is its predecessor. <paramref name="content"/>
    /// distinguishes it from another message to which the client has given the same id by mistake.
    /// </summary>
    public (Admission Admission, ClientId? After) Admit(ClientId id, string conversation, Guid content = default)
    {
        lock (_gate)
        {
            // The message crossed its own ack. If it were listed again, it would stand after messages that it preceded, and would be a
            // predecessor that is stored while those are lost.
            if (_stored.Contains(id) || _shown.Contains(id))
                return (Admission.Admitted, null);

            var known = Find(id, conversation, content);
            if (known is null && CountOf(State.Refused) >= WindowsOfRefused * window)
                return (Admission.TooManyRefused, null);

            var entry = known ?? Append(id, conversation, content);
            // The message was resent, and those before it were not: the client has given them up. A new message must wait for them.
            if (!entry.IsNew)
                RemoveAbandonedBefore(entry);
            entry.SentAt = ++_sends;

            var after = LastBefore(entry);
            var admission = after is { IsRefused: true } ? Admission.OutOfOrder
                : !entry.IsPending && CountOf(State.Pending) >= window ? Admission.WindowFull
                : Admission.Admitted;
            entry.State = admission == Admission.Admitted ? State.Pending : State.Refused;
            return (admission, after?.Id);
        }
    }

    /// <summary>The message was answered with an error after which it may be resent.</summary>
    public void Refuse(ClientId id)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                if (entry.Id == id)
                    entry.State = State.Refused;
            }
        }
    }

    /// <summary>The message will never be stored. Returns false if it was not listed.</summary>
    public bool Drop(ClientId id)
    {
        lock (_gate)
        {
            var dropped = false;
            for (var i = _entries.Count - 1; i >= 0; i--)
            {
                if (_entries[i].Id != id)
                    continue;
                _entries.RemoveAt(i);
                dropped = true;
            }

            return dropped;
        }
    }

    /// <summary>
    /// The message is stored. Returns false if it was not listed, such as a message that the log shows while the client may still be
    /// sending it. Remembers somewhat more than a window: a client within its window resends nothing older, because it has seen the acks.
    /// </summary>
    public bool Settle(ClientId id)
    {
        lock (_gate)
            return Remember(id, wasListed: Drop(id));
    }

    /// <summary>
    /// Like <see cref="Settle(ClientId)"/>, for a message read from the log. A message with the same id but other content stays listed
    /// until the worker has refused it: it is not stored.
    /// </summary>
    public bool Settle(in LogEntry entry)
    {
        lock (_gate)
        {
            var wasListed = false;
            for (var i = _entries.Count - 1; i >= 0; i--)
            {
                if (!_entries[i].Is(entry))
                    continue;
                _entries.RemoveAt(i);
                wasListed = true;
            }

            return Remember(entry.CommandId, wasListed);
        }
    }

    private bool Remember(ClientId id, bool wasListed)
    {
        if (!_stored.Contains(id))
            (wasListed ? _stored : _shown).Add(id);
        return wasListed;
    }

    // Uses loops here and below, because this runs for every message.
    private Entry? Find(ClientId id, string conversation, Guid content)
    {
        foreach (var entry in _entries)
        {
            if (entry.Id == id && entry.Content == content && entry.IsIn(conversation))
                return entry;
        }

        return null;
    }

    private int CountOf(State state)
    {
        var count = 0;
        foreach (var entry in _entries)
            count += entry.State == state ? 1 : 0;
        return count;
    }

    private Entry Append(ClientId id, string conversation, Guid content)
    {
        var entry = new Entry(id, conversation, content);
        _entries.Add(entry);
        return entry;
    }

    private Entry? LastBefore(Entry entry)
    {
        for (var i = _entries.IndexOf(entry) - 1; i >= 0; i--)
        {
            if (_entries[i].IsIn(entry.Conversation))
                return _entries[i];
        }

        return null;
    }

    // Keeps those resent after this message's last attempt: they were refused once more, and the client does not know that yet.
    private void RemoveAbandonedBefore(Entry entry)
    {
        for (var i = _entries.IndexOf(entry) - 1; i >= 0; i--)
        {
            var other = _entries[i];
            if (other.IsRefused && other.SentAt < entry.SentAt && other.IsIn(entry.Conversation))
                _entries.RemoveAt(i);
        }
    }

    private enum State
    {
        New,
        Pending,
        Refused,
    }

    private sealed class Entry(ClientId id, string conversation, Guid content)
    {
        public ClientId Id => id;

        public Guid Content => content;

        public string Conversation => conversation;

        public State State { get; set; }

        /// <summary>When the client last sent it, counted in messages of this connection.</summary>
        public long SentAt { get; set; }

        /// <summary>A conversation is identified by the other user's name. Usernames are not case-sensitive.</summary>
        public bool IsIn(string other) => conversation.Equals(other, StringComparison.OrdinalIgnoreCase);

        public bool Is(in LogEntry entry) => id == entry.CommandId && content == entry.Content;

        public bool IsNew => State == State.New;

        public bool IsPending => State == State.Pending;

        public bool IsRefused => State == State.Refused;
    }

    /// <summary>The most recently added ids. Not thread-safe. Allocates nothing before the first.</summary>
    private sealed class RecentIds(int limit)
    {
        private Queue<ClientId>? _inOrder;
        private HashSet<ClientId>? _all;

        public bool Contains(ClientId id) => _all is not null && _all.Contains(id);

        /// <summary>Adds the id as the latest, unless it is already listed.</summary>
        public void Add(ClientId id)
        {
            _all ??= [];
            _inOrder ??= [];
            if (!_all.Add(id))
                return;
            _inOrder.Enqueue(id);
            if (_inOrder.Count > limit)
                _all.Remove(_inOrder.Dequeue());
        }
    }
}
