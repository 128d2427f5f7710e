using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Writes stored UTF-8 as a JSON string with only the escapes that JSON requires. The framework's encoders write an emoji as two escapes,
/// three times its size.
/// </summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> s_escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    public static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> utf8)
    {
        // The text was validated on arrival. If the database holds invalid UTF-8 anyway, the slow path replaces it with U+FFFD.
        if (!Utf8.IsValid(utf8))
        {
            json.WriteStringValue(utf8);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(2 + utf8.Length * 6);
        rented[0] = (byte)'"';
        var length = 1 + Escape(utf8, rented.AsSpan(1));
        rented[length] = (byte)'"';
        json.WriteRawValue(rented.AsSpan(0, length + 1), skipInputValidation: true);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static int Escape(ReadOnlySpan<byte> utf8, Span<byte> output)
    {
        var written = 0;
        while (utf8.IndexOfAny(s_escaped) is var run and >= 0)
        {
            utf8[..run].CopyTo(output[written..]);
            written += run;
            written += Escape(utf8[run], output[written..]);
            utf8 = utf8[(run + 1)..];
        }

        utf8.CopyTo(output[written..]);
        return written + utf8.Length;
    }

    private static int Escape(byte value, Span<byte> output)
    {
        ReadOnlySpan<byte> hex = "0123456789abcdef"u8;
        ReadOnlySpan<byte> escape = value switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            _ => [(byte)'\\', (byte)'u', (byte)'0', (byte)'0', hex[value >> 4], hex[value & 0xF]],
        };
        escape.CopyTo(output);
        return escape.Length;
    }
}

/// <summary>
/// Detects text that shows nothing: spaces, line ends, control characters, the characters that Unicode defines as invisible
/// (Default_Ignorable_Code_Point), and the empty Braille cell.
/// </summary>
internal static class BlankText
{
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
        (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    /// <param name="utf8">Must be valid UTF-8.</param>
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
