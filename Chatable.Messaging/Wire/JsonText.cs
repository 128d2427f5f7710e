using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Writes stored UTF-8 as a JSON string with nothing escaped but what JSON demands: the framework's encoders write an emoji as two
/// escapes, three times its size.
/// </summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> s_escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    public static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> utf8)
    {
        // Checked at the edge; should anything else stand in the database, the slow way replaces it by U+FFFD.
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
