using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Chatable.ApiService.Http;

/// <summary>
/// Parses <c>name=value&amp;name=value</c>, with <c>+</c> for a space and <c>%XX</c> for a byte of UTF-8. Stricter than browsers need: a
/// percent sign without two digits, or invalid UTF-8, makes the whole body malformed instead of changing its text.
/// </summary>
internal static class UrlEncodedFields
{
    public static bool TryRead(ReadOnlySpan<byte> body, FormFields fields)
    {
        foreach (var range in body.Split((byte)'&'))
        {
            var pair = body[range];
            if (pair.IsEmpty)
                continue;

            var equals = pair.IndexOf((byte)'=');
            var encodedName = equals < 0 ? pair : pair[..equals];
            var encodedValue = equals < 0 ? default : pair[(equals + 1)..];
            if (!TryDecode(encodedName, out var name) || !TryDecode(encodedValue, out var value) || !fields.Add(name, value))
                return false;
        }

        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out string text)
    {
        text = "";
        var decoded = new byte[encoded.Length];
        var length = 0;
        for (var at = 0; at < encoded.Length; at++)
        {
            var value = encoded[at];
            if (value == '%')
            {
                if (at + 2 >= encoded.Length || !TryParseHex(encoded.Slice(at + 1, 2), out value))
                    return false;

                at += 2;
            }
            else if (value == '+')
            {
                value = (byte)' ';
            }

            decoded[length++] = value;
        }

        if (!Utf8.IsValid(decoded.AsSpan(0, length)))
            return false;

        text = Encoding.UTF8.GetString(decoded, 0, length);
        return true;
    }

    private static bool TryParseHex(ReadOnlySpan<byte> digits, out byte value) =>
        byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
