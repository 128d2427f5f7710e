using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Writes the fields of an entry. Integers are little-endian, either of fixed width (i64) or with seven bits per byte, lowest first, and
/// the top bit set in all bytes but the last (var). UUIDs are 16 big-endian bytes. Lengths and counts are u32 or var. Short text is a u8
/// length and UTF-8 (str).
/// </summary>
internal readonly struct WireWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public void Count(int value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), (uint)value);
        output.Advance(4);
    }

    public void Varint(long value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        var rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7)
            span[length++] = (byte)(rest | 0x80);
        span[length++] = (byte)rest;
        output.Advance(length);
    }

    public void Uuid(Guid value)
    {
        value.TryWriteBytes(output.GetSpan(16), bigEndian: true, out _);
        output.Advance(16);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Count(bytes.Length);
        output.Write(bytes);
    }

    /// <summary>Writes the id's text, as short text.</summary>
    public void ClientId(ClientId id)
    {
        if (!id.IsUuid)
        {
            ShortText(id.Text);
            return;
        }

        var span = output.GetSpan(256);
        id.Key.TryFormat(span[1..], out var length, "D");
        span[0] = (byte)length;
        output.Advance(length + 1);
    }

    /// <summary>Writes the id as short text, but a UUID as u8 0 and its 16 bytes. This is unambiguous because no id is empty.</summary>
    public void ShortClientId(ClientId id)
    {
        if (!id.IsUuid)
        {
            ShortText(id.Text);
            return;
        }

        Byte(0);
        Uuid(id.Key);
    }

    /// <summary>Writes a number as decimal digits.</summary>
    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var length);
        output.Advance(length);
    }

    /// <summary>Writes a name's characters. Names are ASCII.</summary>
    public void Ascii(string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));

    /// <summary>Writes at most 255 bytes of UTF-8. Names and ids have been validated to be shorter before they are written.</summary>
    public void ShortText(string text)
    {
        var span = output.GetSpan(256);
        var length = Encoding.UTF8.GetBytes(text, span[1..256]);
        span[0] = (byte)length;
        output.Advance(length + 1);
    }
}
