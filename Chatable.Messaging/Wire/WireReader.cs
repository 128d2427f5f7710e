using System.Buffers.Binary;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Reads the format of <see cref="WireWriter"/>. Never throws: after the first invalid field, <see cref="Failed"/> stays true and every
/// value is a default.
/// </summary>
internal ref struct WireReader(ReadOnlyMemory<byte> source)
{
    private ReadOnlyMemory<byte> _rest = source;

    public bool Failed { get; private set; }

    /// <summary>Marks the source as invalid.</summary>
    public void Fail() => Failed = true;

    public readonly bool AtEnd => !Failed && _rest.IsEmpty;

    public ReadOnlyMemory<byte> Raw(int length)
    {
        if (Failed || length < 0 || length > _rest.Length)
        {
            Failed = true;
            return default;
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    public byte Byte() => Raw(1) is { IsEmpty: false } taken ? taken.Span[0] : (byte)0;

    public long Int64() => Raw(8) is { IsEmpty: false } taken ? BinaryPrimitives.ReadInt64LittleEndian(taken.Span) : 0;

    /// <summary>
    /// Reads a count, as a var, of items of at least <paramref name="unit"/> bytes each. A count that exceeds the remaining bytes is a
    /// failure.
    /// </summary>
    public int Length(int unit = 1) => Bounded((ulong)Varint(), unit);

    /// <summary>Reads an id as <see cref="WireWriter.ShortClientId"/> writes it. A UUID as text is a failure.</summary>
    public ClientId ShortClientId()
    {
        var length = Byte();
        if (length == 0)
            return ClientId.FromStored(Uuid(), text: null);
        if (!ClientId.TryParse(Raw(length).Span, out var id) || id.IsUuid)
            Failed = true;
        return Failed ? default : id;
    }

    public Guid Uuid() => Raw(16) is { IsEmpty: false } taken ? new Guid(taken.Span, bigEndian: true) : Guid.Empty;

    /// <summary>Reads a u32 length, and so many bytes.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        var length = Raw(4);
        return Raw(length.IsEmpty ? 0 : Bounded(BinaryPrimitives.ReadUInt32LittleEndian(length.Span), unit: 1));
    }

    public ReadOnlySpan<byte> ShortBytes() => Raw(Byte()).Span;

    public string ShortText()
    {
        try
        {
            return NameCache.Of(ShortBytes());
        }
        catch (DecoderFallbackException)
        {
            Failed = true;
            return "";
        }
    }

    private int Bounded(ulong value, int unit)
    {
        if (value > (uint)_rest.Length / (uint)unit)
            Failed = true;
        return Failed ? 0 : (int)value;
    }

    /// <summary>Reads a var. It must have its shortest form; any other is a failure.</summary>
    public long Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Byte();
            if (shift == 63 && next > 1 || shift > 0 && next == 0)
                break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)value;
        }

        Failed = true;
        return 0;
    }
}
