using System.Globalization;

namespace Chatable.Bench.Load.Frames;

/// <summary>
/// Finds a value in a frame without reading the rest. It relies on what the generator itself has sent: no text here holds a quote or
/// an escape.
/// </summary>
internal static class JsonScan
{
    /// <param name="json">One object.</param>
    /// <param name="before">All that stands before the value, as <c>"client_id":"</c>.</param>
    /// <param name="text">Up to the next quote.</param>
    public static bool TryText(ReadOnlySpan<byte> json, ReadOnlySpan<byte> before, out ReadOnlySpan<byte> text)
    {
        text = default;
        var start = json.IndexOf(before);
        if (start < 0)
            return false;
        text = json[(start + before.Length)..];
        var end = text.IndexOf((byte)'"');
        if (end < 0)
            return false;
        text = text[..end];
        return true;
    }

    /// <summary>The digits right behind <paramref name="before"/>; -1 where there are none.</summary>
    public static long Number(ReadOnlySpan<byte> json, ReadOnlySpan<byte> before)
    {
        var start = json.IndexOf(before);
        if (start < 0)
            return -1;
        var digits = json[(start + before.Length)..];
        var end = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (end >= 0)
            digits = digits[..end];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
    }
}
