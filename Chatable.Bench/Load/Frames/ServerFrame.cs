using System.Buffers.Binary;

namespace Chatable.Bench.Load.Frames;

/// <summary>A frame as a server sends it: never masked.</summary>
internal readonly ref struct ServerFrame(Opcode opcode, bool isFinal, ReadOnlySpan<byte> payload)
{
    public Opcode Opcode { get; } = opcode;

    public bool IsFinal { get; } = isFinal;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>Of a close frame; 1005 where it names none.</summary>
    public int CloseCode => Payload.Length < 2 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    /// <summary>False where the frame is not whole yet.</summary>
    /// <param name="bytes">They begin with a frame.</param>
    /// <param name="frame">The first frame.</param>
    /// <param name="length">How many of the bytes it takes.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ServerFrame frame, out int length)
    {
        frame = default;
        length = 0;
        if (bytes.Length < 2)
            return false;
        var start = (bytes[1] & 0x7F) switch { 126 => 4, 127 => 10, _ => 2 };
        if (bytes.Length < start)
            return false;
        var size = start switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            10 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])),
            _ => bytes[1] & 0x7F,
        };
        if (bytes.Length - start < size)
            return false;
        length = start + size;
        frame = new ServerFrame((Opcode)(bytes[0] & 0x0F), (bytes[0] & 0x80) != 0, bytes[start..length]);
        return true;
    }
}
