using System.Buffers;

namespace Chatable.Bench.Load.Sockets;

/// <summary>Bytes on their way out; its memory is rented while there are any.</summary>
internal struct OutputBuffer
{
    private const int FirstSize = 4096;

    private byte[]? _bytes;
    private int _start;
    private int _end;

    public readonly bool IsEmpty => _end == _start;

    public readonly int Length => _end - _start;

    public readonly ReadOnlySpan<byte> Waiting => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Room for so many more, counted as waiting.</summary>
    public Span<byte> Take(int size)
    {
        if (_bytes is null || _end + size > _bytes.Length)
            Grow(size);
        _end += size;
        return _bytes.AsSpan(_end - size, size);
    }

    public void Sent(int size)
    {
        _start += size;
        if (_start < _end || _bytes is null)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        this = default;
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstSize, 2 * (Length + size)));
        Waiting.CopyTo(larger);
        (_start, _end) = (0, Length);
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
