using System.IO.Hashing;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Strings of names, which come with every message and are mostly those of a moment ago: the same text is the same string for as long as
/// no other takes its place. There are so many places and no more, and nobody waits for one: whoever comes last has it.
/// </summary>
internal static class NameCache
{
    private const int Places = 16_384;

    // Longer ones, which only a client that makes them up has, would fill the memory.
    private const int MaxLength = 64;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly string?[] s_places = new string?[Places];
    private static readonly long s_seed = Random.Shared.NextInt64();

    /// <exception cref="DecoderFallbackException">It is not UTF-8.</exception>
    public static string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
            return s_strictUtf8.GetString(utf8);

        // Not to be foreseen, or names could be chosen that take each other's place.
        ref var place = ref s_places[XxHash3.HashToUInt64(utf8, s_seed) % Places];
        if (place is { } known && Ascii.Equals(utf8, known))
            return known;
        return place = s_strictUtf8.GetString(utf8);
    }
}
