using System.Text.Json;

namespace Chatable.Messaging.Wire;

/// <summary>
/// Times as all frames and answers have them: RFC 3339 in UTC, always with six digits of the second, so that their text sorts as they do.
/// <code>2015-09-03T03:13:12.817650Z</code>
/// </summary>
public static class Timestamps
{
    private const int Length = 27;

    /// <param name="json">An object that is open.</param>
    /// <param name="name">Of the field.</param>
    /// <param name="time">UTC; below a microsecond it is cut off.</param>
    public static void WriteTimestamp(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTime time) =>
        json.WriteString(name, Format(time, stackalloc byte[Length + 1]));

    /// <inheritdoc cref="WriteTimestamp"/>
    public static void WriteTimestampValue(this Utf8JsonWriter json, DateTime time) =>
        json.WriteStringValue(Format(time, stackalloc byte[Length + 1]));

    // "O" has seven digits and is the one that is fast.
    private static ReadOnlySpan<byte> Format(DateTime time, Span<byte> text)
    {
        DateTime.SpecifyKind(time, DateTimeKind.Utc).TryFormat(text, out _, "O");
        text[Length - 1] = (byte)'Z';
        return text[..Length];
    }
}
