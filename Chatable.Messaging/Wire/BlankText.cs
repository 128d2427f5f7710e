using System.Buffers;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Text in which there is nothing to see: spaces, line ends, control characters, and the characters that Unicode says to show as nothing
/// (Default_Ignorable_Code_Point), with the empty Braille cell.
/// </summary>
internal static class BlankText
{
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
        (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    /// <param name="utf8">Valid.</param>
    public static bool Is(ReadOnlySpan<byte> utf8)
    {
        while (Rune.DecodeFromUtf8(utf8, out var rune, out var length) == OperationStatus.Done)
        {
            if (!Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune) && !IsInvisible(rune.Value))
                return false;
            utf8 = utf8[length..];
        }

        return utf8.IsEmpty;
    }

    private static bool IsInvisible(int value)
    {
        foreach (var (first, last) in s_invisible)
        {
            if (value >= first && value <= last)
                return true;
        }

        return false;
    }
}
