using System.Diagnostics.CodeAnalysis;

namespace Chatable.Messaging.Tokens;

/// <summary>RFC 4648 base32 without padding: 32 bytes are 52 characters of <c>A-Z2-7</c>.</summary>
public static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[(bytes.Length * 8 + 4) / 5];
        var (bits, held, at) = (0, 0, 0);
        foreach (var value in bytes)
        {
            bits = (bits << 8) | value;
            for (held += 8; held >= 5; held -= 5)
                text[at++] = Alphabet[(bits >> (held - 5)) & 31];
        }

        if (held > 0)
            text[at] = Alphabet[(bits << (5 - held)) & 31];
        return new string(text);
    }

    /// <summary>
    /// Accepts only the spelling that <see cref="Encode"/> produces: no lower case, no padding, no stray bits at the end.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var decoded = new byte[text.Length * 5 / 8];
        var (bits, held, at) = (0, 0, 0);
        foreach (var character in text)
        {
            var value = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
                return false;

            bits = ((bits << 5) | value) & 0xFFF;
            held += 5;
            if (held >= 8)
                decoded[at++] = (byte)(bits >> (held -= 8));
        }

        if (held >= 5 || (bits & ((1 << held) - 1)) != 0)
            return false;

        bytes = decoded;
        return true;
    }
}
