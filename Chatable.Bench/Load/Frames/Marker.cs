using System.Buffers.Text;

namespace Chatable.Bench.Load.Frames;

/// <summary>
/// What a text says of itself: which lane it belongs to and the how-manieth of it it is.
/// <code>
/// 8 hex lane  -  12 hex index  -  filler
/// </code>
/// </summary>
internal static class Marker
{
    public const int IndexDigits = 12;
    public const int Length = 8 + 1 + IndexDigits + 1;

    /// <summary>Where an index goes that is written in later.</summary>
    public static readonly string Hole = new('#', IndexDigits);

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    /// <param name="lane">Below 2^31.</param>
    /// <param name="textBytes">Of the whole text, at least <see cref="Length"/>.</param>
    public static string TextOf(int lane, int textBytes) => $"{lane:x8}-{Hole}-".PadRight(textBytes, 'x');

    public static bool TryRead(ReadOnlySpan<byte> text, out int lane, out long index)
    {
        (lane, index) = (0, 0);
        if (text.Length < Length || text[8] != '-' || text[Length - 1] != '-')
            return false;
        return Utf8Parser.TryParse(text[..8], out lane, out var used, 'x') && used == 8
            && TryReadIndex(text[9..], out index);
    }

    public static bool TryReadIndex(ReadOnlySpan<byte> digits, out long index) =>
        Utf8Parser.TryParse(digits[..IndexDigits], out index, out var used, 'x') && used == IndexDigits;

    public static void WriteIndex(Span<byte> hole, long index)
    {
        for (var i = IndexDigits - 1; i >= 0; i--, index >>= 4)
            hole[i] = Digits[(int)(index & 0xF)];
    }
}
