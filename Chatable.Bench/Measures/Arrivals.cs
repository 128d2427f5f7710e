namespace Chatable.Bench.Measures;

/// <summary>What has come of a sequence 0, 1, 2 …: each once, and in order, or counted as what went wrong.</summary>
internal sealed class Arrivals
{
    // Of a stream that is in order: none. Bounded by what was sent.
    private readonly HashSet<long> _missing = [];
    private long _next;

    /// <summary>Different ones that came.</summary>
    public long Count { get; private set; }

    public long Duplicated { get; private set; }

    /// <summary>Came after a later one.</summary>
    public long Reordered { get; private set; }

    /// <summary>False where it had come before.</summary>
    public bool Take(long index)
    {
        if (index < _next && !_missing.Remove(index))
        {
            Duplicated++;
            return false;
        }

        if (index < _next)
            Reordered++;
        for (; _next < index; _next++)
            _missing.Add(_next);
        _next = Math.Max(_next, index + 1);
        Count++;
        return true;
    }
}
