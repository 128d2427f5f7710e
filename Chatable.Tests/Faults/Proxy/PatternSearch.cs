namespace Chatable.Tests.Faults.Proxy;

/// <summary>Finds bytes in a stream that arrives in pieces.</summary>
internal sealed class PatternSearch
{
    private byte[] _tail = [];

    /// <returns>
    /// Where the pattern begins in the new piece, 0 if it began in an earlier one; null if it does not end in the new piece.
    /// </returns>
    public int? Find(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece)
    {
        byte[] seen = [.. _tail, .. piece];
        var earlier = _tail.Length;
        _tail = seen[^Math.Min(seen.Length, pattern.Length - 1)..];
        return seen.AsSpan().IndexOf(pattern) is >= 0 and var start ? Math.Max(0, start - earlier) : null;
    }
}
