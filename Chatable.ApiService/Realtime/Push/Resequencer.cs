using System.Runtime.InteropServices;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Takes the next entry of a log.</summary>
internal delegate void DeliverEntry(in Envelope entry);

/// <summary>
/// Puts entries of one log into its order: whatever comes twice, late or not at all, <paramref name="deliver"/> is called with
/// position + 1, + 2, … and nothing else, and only while <paramref name="hasRoom"/>. Entries ahead of their turn, or without room,
/// are held up to both limits; that more exists is remembered all the same, since the log has it. For one caller at a time.
/// </summary>
/// <param name="holdLimit">Entries.</param>
/// <param name="holdBytes">Of their bodies.</param>
/// <param name="deliver">Takes what is next.</param>
/// <param name="hasRoom">Whether it may.</param>
internal sealed class Resequencer(int holdLimit, int holdBytes, DeliverEntry deliver, Func<bool> hasRoom)
{
    // Before the position is known nothing can be delivered, and everything is ahead of its turn.
    private const long Unknown = -1;

    private Dictionary<long, MessageRecord>? _held;
    private int _heldBytes;
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
            TakeHeld(seq, out _);
        DeliverHeld();
    }

    /// <summary>Takes an entry from anywhere; false where there was no room to hold it.</summary>
    public bool Offer(in Envelope entry)
    {
        _head = Math.Max(_head, entry.Seq);
        if (Position != Unknown && entry.Seq <= Position)
            return true;
        if (Position == Unknown || entry.Seq > Position + 1 || !hasRoom())
            return Hold(entry);

        // A copy of it may be held since there was no room for it.
        TakeHeld(entry.Seq, out _);
        Deliver(entry);
        DeliverHeld();
        return true;
    }

    /// <summary>Notes that the log has at least <paramref name="head"/> entries.</summary>
    public void NoticeHead(long head) => _head = Math.Max(_head, head);

    /// <summary>Nothing is held any more, nor known of what comes after <see cref="Position"/>: it was of a log that has changed.</summary>
    public void Forget() => (_held, _heldBytes, _head) = (null, 0, Position);

    /// <summary>Delivers what is held and next, as far as there is room for it.</summary>
    public void DeliverHeld()
    {
        while (HoldsNext && hasRoom() && TakeHeld(Position + 1, out var message))
            Deliver(new Envelope(Position + 1, message));
        if (_held is { Count: 0 })
            _held = null;
    }

    private bool Hold(in Envelope entry)
    {
        if (_held is not null && _held.ContainsKey(entry.Seq))
            return true;
        var bytes = entry.Message.Body.Length;
        if (_held?.Count >= holdLimit || _heldBytes + bytes > holdBytes)
            return false;
        (_held ??= []).Add(entry.Seq, AloneInMemory(entry.Message));
        _heldBytes += bytes;
        return true;
    }

    private bool TakeHeld(long seq, out MessageRecord message)
    {
        message = default;
        if (_held?.Remove(seq, out message) != true)
            return false;
        _heldBytes -= message.Body.Length;
        return true;
    }

    // A push is a piece of its whole batch, of megabytes perhaps, which must not stay because of it. What is not held is never copied.
    private static MessageRecord AloneInMemory(in MessageRecord message) =>
        MemoryMarshal.TryGetArray(message.Body, out var piece) && piece.Array!.Length == piece.Count
            ? message
            : message with { Body = message.Body.ToArray() };

    private void Deliver(in Envelope entry)
    {
        Position = entry.Seq;
        deliver(entry);
    }
}
