namespace Chatable.Tests.Unit.PrefixLog;

/// <summary>One partition of the intake with the database behind it, for one conversation. Entries are numbered in order.</summary>
internal sealed class ModelPartition
{
    private readonly List<int> _entries = [];
    private readonly HashSet<int> _stored = [];

    // Delivered by a consumer group and not settled, with the time of delivery.
    private readonly Dictionary<int, int> _pending = [];

    private int _last;
    private int _delivered;
    private int _highestStored;

    /// <summary>The holder of the lease and its expiry, for schemes with a lease.</summary>
    public (object? Holder, int Until) Lease { get; set; }

    public int Now { get; set; }

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Whether an entry was stored after a later one.</summary>
    public bool IsReordered { get; private set; }

    /// <summary>Whether every entry was stored.</summary>
    public bool IsWhole => _stored.Count == _last;

    public void Append() => _entries.Add(++_last);

    /// <summary>The first entries that are not deleted, from the head or after an entry.</summary>
    public int[] Read(int count, int after = 0)
    {
        var at = after == 0 ? 0 : _entries.TakeWhile(entry => entry <= after).Count();
        return [.. _entries.GetRange(at, Math.Min(count, _entries.Count - at))];
    }

    /// <summary>The next entries that the group has not delivered to anyone.</summary>
    public int[] ReadNew(int count)
    {
        var batch = Read(count, _delivered);
        _delivered = batch.LastOrDefault(_delivered);
        Give(batch);
        return batch;
    }

    /// <summary>Delivered entries that were neither settled nor claimed for a while.</summary>
    public int[] Claim(int count, int idle)
    {
        int[] batch = [.. _pending.Where(one => Now - one.Value >= idle).Select(one => one.Key).Order().Take(count)];
        Give(batch);
        return batch;
    }

    /// <summary>One transaction. Entries that are already stored do not change.</summary>
    public void Commit(int[] batch)
    {
        foreach (var entry in batch)
        {
            if (!_stored.Add(entry))
                continue;
            IsReordered |= entry < _highestStored;
            _highestStored = Math.Max(_highestStored, entry);
        }
    }

    public void Delete(int[] batch)
    {
        foreach (var entry in batch)
        {
            _entries.Remove(entry);
            _pending.Remove(entry);
        }
    }

    private void Give(int[] batch)
    {
        foreach (var entry in batch)
            _pending[entry] = Now;
    }
}
