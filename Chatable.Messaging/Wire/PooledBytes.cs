using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Chatable.Messaging.Wire;

/// <summary>
/// What was encoded, in bytes lent by the shared pool. Whoever was given them returns them once when nobody reads them any more, and does
/// not look at them afterwards: they are somebody else's then, perhaps another user's. What is never returned is garbage like any other,
/// so wherever it is not certain who still reads them, they are not returned.
/// </summary>
[SuppressMessage("Performance", "CA1815", Justification = "Nobody compares them.")]
public readonly struct PooledBytes
{
    private readonly byte[]? _bytes;
    private readonly bool _isLent;

    private PooledBytes(byte[] bytes, int length, bool isLent) => (_bytes, Length, _isLent) = (bytes, length, isLent);

    public int Length { get; }

    /// <summary>The memory they hold: the pool lends arrays of certain sizes.</summary>
    public int Size => _bytes?.Length ?? 0;

    /// <summary>Valid until they are returned.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>Whether there are none, not even an empty array.</summary>
    public bool IsNone => _bytes is null;

    /// <summary>An array that any number may read and nobody needs to return.</summary>
    public static PooledBytes Of(byte[] bytes) => new(bytes, bytes.Length, isLent: false);

    internal static PooledBytes CopyOf(ReadOnlySpan<byte> bytes)
    {
        var lent = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(lent);
        return new PooledBytes(lent, bytes.Length, isLent: true);
    }

    public void Return()
    {
        if (_isLent)
            ArrayPool<byte>.Shared.Return(_bytes!);
    }
}
