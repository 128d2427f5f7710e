using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;

namespace Chatable.Messaging;

/// <summary>
/// Caches database answers for a short time. An entry lives <paramref name="lifetime"/> from the moment its query <em>began</em>. Beyond
/// <paramref name="capacity"/> entries, expired and then arbitrary entries are evicted. Evictions of live entries are counted.
/// </summary>
/// <remarks>
/// A fill that races with a removal must not restore the removed value. Every fill takes a ticket before its query, and every removal
/// invalidates all earlier tickets. Either the fill sees the removal and takes its entry back, or the removal comes after the entry was
/// added and removes it.
/// </remarks>
public sealed class ShortLivedCache<TKey, TValue>(
    string name, TimeSpan lifetime, int capacity, TimeProvider time, IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new(comparer);
    private readonly Lock _eviction = new();
    private long _removals;

    public int Count => _entries.Count;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.QueriedAt) < lifetime;
        value = found ? entry.Value : default;
        return found;
    }

    /// <summary>Returns the entry even if it has expired. For answers that never change, when the query for a new one fails.</summary>
    public bool TryGetExpired(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _entries.TryGetValue(key, out var entry);
        value = found ? entry.Value : default;
        return found;
    }

    /// <summary>Must be called before the query whose answer goes to <see cref="Fill"/>.</summary>
    public FillTicket BeginFill() => new(Interlocked.Read(ref _removals), time.GetTimestamp());

    public void Fill(TKey key, TValue value, FillTicket ticket)
    {
        MakeRoom();
        var entry = new Entry(value, ticket.QueriedAt);
        _entries[key] = entry;
        if (Interlocked.Read(ref _removals) != ticket.Removals)
            _entries.TryRemove(key, out _);
    }

    public void Remove(TKey key)
    {
        Interlocked.Increment(ref _removals);
        _entries.TryRemove(key, out _);
    }

    public void Clear()
    {
        Interlocked.Increment(ref _removals);
        _entries.Clear();
    }

    private void MakeRoom()
    {
        if (_entries.Count < capacity)
            return;

        lock (_eviction)
        {
            foreach (var (key, entry) in _entries)
            {
                if (time.GetElapsedTime(entry.QueriedAt) >= lifetime)
                    _entries.TryRemove(key, out _);
            }

            // Evicts a sixteenth at a time, so that a cache that stays full does not pay for a sweep at every fill.
            var surplus = _entries.Count - capacity + Math.Max(1, capacity / 16);
            if (_entries.Count < capacity)
                return;

            foreach (var (key, _) in _entries.Take(surplus))
                _entries.TryRemove(key, out _);
            CacheMetrics.Evicted(name, surplus);
        }
    }

    private readonly record struct Entry(TValue Value, long QueriedAt);
}

/// <summary>The state of a cache when a query began.</summary>
public readonly record struct FillTicket(long Removals, long QueriedAt);

internal static class CacheMetrics
{
    private static readonly Meter s_meter = new("Chatable.Messaging");

    private static readonly Counter<long> s_evictions = s_meter.CreateCounter<long>(
        "chatable.cache.evictions", "{entry}", "Live entries that a full cache dropped to make room.");

    public static void Evicted(string cache, int count) => s_evictions.Add(count, new KeyValuePair<string, object?>("cache", cache));
}
