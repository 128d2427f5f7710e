namespace Chatable.Tests.Faults.Proxy;

/// <summary>Looks for bytes in a stream that comes in pieces.</summary>
internal sealed class PatternSearch
{
    private byte[] _tail = [];

    /// <returns>
    /// Where in the new piece the pattern begins, 0 where it began in an earlier one; null where it does not end within the new piece.
    /// </returns>
    public int? Find(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece)
    {
        byte[] seen = [.. _tail, .. piece];
        var earlier = _tail.Length;
        _tail = seen[^Math.Min(seen.Length, pattern.Length - 1)..];
        return seen.AsSpan().IndexOf(pattern) is >= 0 and var start ? Math.Max(0, start - earlier) : null;
    }
}
