using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Chatable.Bench.Load.Sockets;

namespace Chatable.Bench.Load.Frames;

/// <summary>
/// A frame as a client sends it.
/// <code>
/// u8 FIN | opcode     u8 MASK | length, or 126 and u16 length, or 127 and u64 length     4 masking key     payload XOR key
/// </code>
/// </summary>
internal static class ClientFrame
{
    private const byte Final = 0x80, Masked = 0x80;

    public static void Write(Opcode opcode, ReadOnlySpan<byte> payload, ref OutputBuffer output) =>
        Write(opcode, payload, (uint)Random.Shared.Next(), ref output);

    /// <summary>With a masking key of the caller's choice, its first byte the lowest.</summary>
    public static void Write(Opcode opcode, ReadOnlySpan<byte> payload, uint key, ref OutputBuffer output)
    {
        var lengthSize = payload.Length < 126 ? 0 : payload.Length <= ushort.MaxValue ? 2 : 8;
        var frame = output.Take(2 + lengthSize + 4 + payload.Length);
        frame[0] = (byte)(Final | (byte)opcode);
        frame[1] = (byte)(Masked | (lengthSize switch { 0 => payload.Length, 2 => 126, _ => 127 }));
        if (lengthSize == 2)
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
        else if (lengthSize == 8)
            BinaryPrimitives.WriteUInt64BigEndian(frame[2..], (ulong)payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[(2 + lengthSize)..], key);
        CopyMasked(payload, frame[(6 + lengthSize)..], key);
    }

    // A vector is a whole number of keys long, so that each begins at the key's first byte.
    private static void CopyMasked(ReadOnlySpan<byte> from, Span<byte> to, uint key)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(from);
        var targets = MemoryMarshal.Cast<byte, Vector<uint>>(to);
        var mask = new Vector<uint>(key);
        for (var i = 0; i < vectors.Length; i++)
            targets[i] = vectors[i] ^ mask;
        for (var i = vectors.Length * Vector<byte>.Count; i < from.Length; i++)
            to[i] = (byte)(from[i] ^ (key >> (8 * (i & 3))));
    }
}
