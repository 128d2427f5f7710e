using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Encoded bytes in an array rented from the shared pool. The receiver returns them once, when nothing reads them any more, and must not
/// read them afterwards: the pool may have given them to another user's data. Bytes that are never returned are garbage collected. If it is
/// not certain whether something still reads them, do not return them.
/// </summary>
[SuppressMessage("Performance", "CA1815", Justification = "Nobody compares them.")]
public readonly struct PooledBytes
{
    private readonly byte[]? _bytes;
    private readonly bool _isLent;

    private PooledBytes(byte[] bytes, int length, bool isLent) => (_bytes, Length, _isLent) = (bytes, length, isLent);

    public int Length { get; }

    /// <summary>The memory that the array takes. The pool rents arrays of certain sizes only.</summary>
    public int Size => _bytes?.Length ?? 0;

    /// <summary>The bytes. Valid until they are returned.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>Whether there is no array, not even an empty one.</summary>
    public bool IsNone => _bytes is null;

    /// <summary>Wraps an array that any number of readers may share and that need not be returned.</summary>
    public static PooledBytes Of(byte[] bytes) => new(bytes, bytes.Length, isLent: false);

    /// <summary>Room for at least this many bytes, to be written by the caller.</summary>
    internal static PooledBytes Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), length, isLent: true);

    internal static PooledBytes CopyOf(ReadOnlySpan<byte> bytes)
    {
        var copy = Rent(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    internal Span<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>The first bytes, in the same array.</summary>
    internal PooledBytes Cut(int length) => new(_bytes!, length, _isLent);

    public void Return()
    {
        if (_isLent)
            ArrayPool<byte>.Shared.Return(_bytes!);
    }
}
