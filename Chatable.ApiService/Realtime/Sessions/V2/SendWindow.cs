using Chatable.Messaging;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sessions.V2;

internal enum Admission
{
    Admitted,

    /// <summary>Its predecessor was refused and not sent again, so it would overtake it.</summary>
    OutOfOrder,

    /// <summary>Too many of the connection's messages are on their way.</summary>
    WindowFull,

    /// <summary>So many wait to be sent again that no more can be kept in order.</summary>
    TooManyRefused,
}

/// <summary>
/// The messages of one connection that have no answer yet, and those that may come again, in the order the client first sent them.
/// It keeps that order within each conversation: a message goes with the name of its predecessor, which must be stored before it
/// (<c>after</c>), and none goes while its predecessor is refused. At most <paramref name="window"/> are pending. A refused one is
/// never forgotten while the connection lasts, or it would come again behind those it came before; past a limit, which only a client that
/// disregards the window reaches, the connection has to end.
/// </summary>
internal sealed class SendWindow(int window)
{
    private const int WindowsOfRefused = 8;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly RecentIds _stored = new(2 * window);

    // Apart from those, since a user's other devices fill it: none of this connection's own may be pushed out by them.
    private readonly RecentIds _shown = new(2 * window);
    private long _sends;

    /// <summary>
    /// Lists a message that has come, whatever is then answered; <c>After</c> is its predecessor. <paramref name="content"/> tells it from
    /// another one that the client has given the same id by mistake.
    /// </summary>
    public (Admission Admission, ClientId? After) Admit(ClientId id, string conversation, Guid content = default)
    {
        lock (_gate)
        {
            // It crossed its own ack. Listed anew it would stand behind messages it came before, and be a predecessor that is
            // stored while those are lost.
            if (_stored.Contains(id) || _shown.Contains(id))
                return (Admission.Admitted, null);

            var known = Find(id, conversation, content);
            if (known is null && CountOf(State.Refused) >= WindowsOfRefused * window)
                return (Admission.TooManyRefused, null);

            var entry = known ?? Append(id, conversation, content);
            // It came again, and those before it did not: the client has given them up. A new one must wait for them.
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

    /// <summary>The message was answered with an error after which it may come again.</summary>
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

    /// <summary>The message will never be stored; false where it was not listed.</summary>
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
    /// The message is stored; false where it was not listed, as one that the log shows and the client may still be sending. Some more than
    /// the window are remembered: a client within its window repeats nothing older, for it has seen the acks.
    /// </summary>
    public bool Settle(ClientId id)
    {
        lock (_gate)
            return Remember(id, wasListed: Drop(id));
    }

    /// <summary>
    /// The same of a message as the log has it. One of the same id that says something else stays listed until the worker has refused it:
    /// it is not stored.
    /// </summary>
    public bool Settle(in MessageRecord message)
    {
        lock (_gate)
        {
            var wasListed = false;
            for (var i = _entries.Count - 1; i >= 0; i--)
            {
                if (!_entries[i].Is(message))
                    continue;
                _entries.RemoveAt(i);
                wasListed = true;
            }

            return Remember(message.ClientId, wasListed);
        }
    }

    private bool Remember(ClientId id, bool wasListed)
    {
        if (!_stored.Contains(id))
            (wasListed ? _stored : _shown).Add(id);
        return wasListed;
    }

    // Loops, here and below: this is run for every message.
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

    // Not those that came again since this one last did: they were refused once more, and the client does not know that yet.
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

        /// <summary>A conversation is named by its other party; letter case does not distinguish users.</summary>
        public bool IsIn(string other) => conversation.Equals(other, StringComparison.OrdinalIgnoreCase);

        public bool Is(in MessageRecord message) =>
            id == message.ClientId && IsIn(message.Recipient)
            && content == Fingerprint.Of(conversation: 0, message.Type, message.Body.Span);

        public bool IsNew => State == State.New;

        public bool IsPending => State == State.Pending;

        public bool IsRefused => State == State.Refused;
    }

    /// <summary>The last so many ids that were added, for one caller at a time. It holds nothing until the first.</summary>
    private sealed class RecentIds(int limit)
    {
        private Queue<ClientId>? _inOrder;
        private HashSet<ClientId>? _all;

        public bool Contains(ClientId id) => _all is not null && _all.Contains(id);

        /// <summary>Makes it the latest, unless it is among them already.</summary>
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
