using Chatable.Messaging.Envelopes;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Takes the next entry of a log.</summary>
internal delegate void DeliverEntry(in Envelope entry);

/// <summary>
/// Puts entries of one log into its order: whatever comes twice, late or not at all, <paramref name="deliver"/> is called with
/// position + 1, + 2, … and nothing else, and only while <paramref name="hasRoom"/>. Entries ahead of their turn, or without room,
/// are held up to the limit; that more exists is remembered all the same, since the log has it. For one caller at a time.
/// </summary>
internal sealed class Resequencer(int holdLimit, DeliverEntry deliver, Func<bool> hasRoom)
{
    // Before the position is known nothing can be delivered, and everything is ahead of its turn.
    private const long Unknown = -1;

    private Dictionary<long, MessageRecord>? _held;
    private long _head = Unknown;

    /// <summary>The seq delivered last, or the one the connection started after.</summary>
    public long Position { get; private set; } = Unknown;

    /// <summary>Whether the log is known to go on after <see cref="Position"/>.</summary>
    public bool HasGap => IsBehind(_head);

    /// <summary>Whether a log that reaches to <paramref name="head"/> goes on after <see cref="Position"/>.</summary>
    public bool IsBehind(long head) => Position != Unknown && head > Position;

    /// <summary>Whether the next entry is here already, and only room is missing.</summary>
    public bool HoldsNext => Position != Unknown && _held is not null && _held.ContainsKey(Position + 1);

    /// <summary>Goes live: everything after <paramref name="position"/> is to be delivered, beginning with what is held of it.</summary>
    public void StartAfter(long position)
    {
        Position = position;
        foreach (var seq in _held?.Keys.Where(seq => seq <= position).ToArray() ?? [])
            _held!.Remove(seq);
        DeliverHeld();
    }

    /// <summary>Takes an entry from anywhere; false where there was no room to hold it.</summary>
    public bool Offer(in Envelope entry)
    {
        _head = Math.Max(_head, entry.Seq);
        if (SeededBug.Is("skip_resequencer") && Position != Unknown)
            Deliver(entry);
        if (Position != Unknown && entry.Seq <= Position)
            return true;
        if (Position == Unknown || entry.Seq > Position + 1 || !hasRoom())
            return Hold(entry);

        // A copy of it may be held since there was no room for it.
        _held?.Remove(entry.Seq);
        Deliver(entry);
        DeliverHeld();
        return true;
    }

    /// <summary>Notes that the log has at least <paramref name="head"/> entries.</summary>
    public void NoticeHead(long head) => _head = Math.Max(_head, head);

    /// <summary>Delivers what is held and next, as far as there is room for it.</summary>
    public void DeliverHeld()
    {
        while (HoldsNext && hasRoom() && _held!.Remove(Position + 1, out var message))
            Deliver(new Envelope(Position + 1, message));
        if (_held is { Count: 0 })
            _held = null;
    }

    private bool Hold(in Envelope entry)
    {
        _held ??= [];
        if (_held.Count >= holdLimit && !_held.ContainsKey(entry.Seq))
            return false;
        _held[entry.Seq] = entry.Message;
        return true;
    }

    private void Deliver(in Envelope entry)
    {
        Position = entry.Seq;
        deliver(entry);
    }
}
