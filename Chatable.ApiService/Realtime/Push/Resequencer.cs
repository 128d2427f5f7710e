using System.Runtime.InteropServices;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Takes the next entry of a log.</summary>
internal delegate void DeliverEntry(in Envelope entry);

/// <summary>
/// Delivers the entries of one log in order, even if some arrive twice, late or never. <paramref name="deliver"/> is called with position +
/// 1, + 2, … and nothing else, and only while <paramref name="hasRoom"/> returns true. Entries ahead of their turn, or without room, are
/// held up to both limits. Entries beyond the limits are dropped, but their existence is remembered, since the log has them. Not
/// thread-safe.
/// </summary>
/// <param name="holdLimit">The most entries to hold.</param>
/// <param name="holdBytes">The most bytes to hold, counting the fields of the entries.</param>
/// <param name="deliver">Takes the next entry.</param>
/// <param name="hasRoom">Whether an entry may be delivered now.</param>
internal sealed class Resequencer(int holdLimit, int holdBytes, DeliverEntry deliver, Func<bool> hasRoom)
{
    // Before the position is known, nothing can be delivered, and every entry is ahead of its turn.
    private const long Unknown = -1;

    private Dictionary<long, LogEntry>? _held;
    private int _heldBytes;
    private long _head = Unknown;

    /// <summary>The seq delivered last, or the one after which the connection started.</summary>
    public long Position { get; private set; } = Unknown;

    /// <summary>Whether the log is known to continue after <see cref="Position"/>.</summary>
    public bool HasGap => IsBehind(_head);

    /// <summary>Whether a log that reaches to <paramref name="head"/> continues after <see cref="Position"/>.</summary>
    public bool IsBehind(long head) => Position != Unknown && head > Position;

    /// <summary>Whether the next entry is already held, and only room is missing.</summary>
    public bool HoldsNext => Position != Unknown && _held is not null && _held.ContainsKey(Position + 1);

    /// <summary>Goes live: everything after <paramref name="position"/> must be delivered, beginning with the held entries.</summary>
    public void StartAfter(long position)
    {
        Position = position;
        foreach (var seq in _held?.Keys.Where(seq => seq <= position).ToArray() ?? [])
            TakeHeld(seq, out _);
        DeliverHeld();
    }

    /// <summary>Takes an entry from any source. Returns false if there was no room to hold it.</summary>
    public bool Offer(in Envelope entry)
    {
        _head = Math.Max(_head, entry.Seq);
        if (Position != Unknown && entry.Seq <= Position)
            return true;
        if (Position == Unknown || entry.Seq > Position + 1 || !hasRoom())
            return Hold(entry);

        // A copy may be held, because there was no room for it earlier.
        TakeHeld(entry.Seq, out _);
        Deliver(entry);
        DeliverHeld();
        return true;
    }

    /// <summary>Records that the log has at least <paramref name="head"/> entries.</summary>
    public void NoticeHead(long head) => _head = Math.Max(_head, head);

    /// <summary>
    /// Drops the held entries and all knowledge of entries after <see cref="Position"/>: they belonged to a log that has changed.
    /// </summary>
    public void Forget() => (_held, _heldBytes, _head) = (null, 0, Position);

    /// <summary>Delivers the held entries that are next, as far as there is room.</summary>
    public void DeliverHeld()
    {
        while (HoldsNext && hasRoom() && TakeHeld(Position + 1, out var entry))
            Deliver(new Envelope(Position + 1, entry));
        if (_held is { Count: 0 })
            _held = null;
    }

    private bool Hold(in Envelope entry)
    {
        if (_held is not null && _held.ContainsKey(entry.Seq))
            return true;
        var bytes = entry.Entry.Fields.Length;
        if (_held?.Count >= holdLimit || _heldBytes + bytes > holdBytes)
            return false;
        (_held ??= []).Add(entry.Seq, AloneInMemory(entry.Entry));
        _heldBytes += bytes;
        return true;
    }

    private bool TakeHeld(long seq, out LogEntry entry)
    {
        entry = default;
        if (_held?.Remove(seq, out entry) != true)
            return false;
        _heldBytes -= entry.Fields.Length;
        return true;
    }

    // A push is a slice of its whole batch, perhaps megabytes, which must not stay in memory for one entry. Entries that are not held are
    // never copied.
    private static LogEntry AloneInMemory(in LogEntry entry) =>
        MemoryMarshal.TryGetArray(entry.Fields, out var piece) && piece.Array!.Length == piece.Count
            ? entry
            : entry with { Fields = entry.Fields.ToArray() };

    private void Deliver(in Envelope entry)
    {
        Position = entry.Seq;
        deliver(entry);
    }
}
