using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// The time format of all frames and responses: RFC 3339 in UTC, always with six fractional digits, so that sorting the text sorts the
/// times.
/// <code>2015-09-03T03:13:12.817650Z</code>
/// </summary>
public static class Timestamps
{
    /// <summary>The length of a time.</summary>
    internal const int Length = 27;

    /// <param name="json">A writer with an open object.</param>
    /// <param name="name">The name of the field.</param>
    /// <param name="time">In UTC. Truncated to the microsecond.</param>
    public static void WriteTimestamp(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTime time) =>
        json.WriteString(name, Text(time, stackalloc byte[Length + 1]));

    /// <inheritdoc cref="WriteTimestamp"/>
    public static void WriteTimestampValue(this Utf8JsonWriter json, DateTime time) =>
        json.WriteStringValue(Text(time, stackalloc byte[Length + 1]));

    // "O" writes seven digits, but it is the fast format.
    /// <summary>Writes the text without quotes. Needs one byte more than its length, which is returned.</summary>
    internal static int Format(DateTime time, Span<byte> text)
    {
        DateTime.SpecifyKind(time, DateTimeKind.Utc).TryFormat(text, out _, "O");
        text[Length - 1] = (byte)'Z';
        return Length;
    }

    private static ReadOnlySpan<byte> Text(DateTime time, Span<byte> text) => text[..Format(time, text)];
}
