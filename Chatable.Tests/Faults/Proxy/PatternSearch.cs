namespace Chatable.Tests.Faults.Proxy;

/// <summary>Looks for bytes in a stream that comes in pieces.</summary>
internal sealed class PatternSearch
{
    private byte[] _tail = [];

    /// <summary>Whether the pattern ends within the new piece.</summary>
    public bool Finds(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece)
    {
        byte[] seen = [.. _tail, .. piece];
        _tail = seen[^Math.Min(seen.Length, pattern.Length - 1)..];
        return seen.AsSpan().IndexOf(pattern) >= 0;
    }
}
