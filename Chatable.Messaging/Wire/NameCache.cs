using System.IO.Hashing;
using System.Text;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Caches name strings. Every message carries names, mostly ones that were seen a moment ago. The same text yields the same string until
/// another name takes its slot. The number of slots is fixed, and there are no locks: the last writer wins.
/// </summary>
internal static class NameCache
{
    private const int Places = 16_384;

    // Longer names would fill the memory. Only clients that invent names send them.
    private const int MaxLength = 64;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly string?[] s_places = new string?[Places];
    private static readonly long s_seed = Random.Shared.NextInt64();

    /// <exception cref="DecoderFallbackException">The bytes are not UTF-8.</exception>
    public static string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
            return s_strictUtf8.GetString(utf8);

        // The seed is unpredictable. Otherwise clients could choose names that evict each other.
        ref var place = ref s_places[XxHash3.HashToUInt64(utf8, s_seed) % Places];
        if (place is { } known && Ascii.Equals(utf8, known))
            return known;
        return place = s_strictUtf8.GetString(utf8);
    }
}
