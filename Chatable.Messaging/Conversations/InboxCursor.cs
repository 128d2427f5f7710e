using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Chatable.Messaging.Conversations;

/// <summary>
/// A place in the inbox as clients see it, opaque to them: base64url of
/// <code>
/// u8  version (1)
/// i64 last activity, in microseconds since 1970, big-endian
/// i64 conversation id, big-endian
/// </code>
/// </summary>
public static class InboxCursor
{
    private const byte Version = 1;
    private const int Length = 1 + sizeof(long) + sizeof(long);
    private const int TextLength = 23;

    private static readonly long s_mostMicroseconds = MicrosecondsOf(DateTime.MaxValue);

    public static string ToText(InboxPlace place)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Version;
        Write(place, bytes[1..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Writes the bytes after the version.</summary>
    public static void Write(InboxPlace place, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, MicrosecondsOf(place.LastActivityAt));
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], place.ConversationId);
    }

    /// <summary>Returns null for bytes that <see cref="Write"/> would not produce.</summary>
    public static InboxPlace? Read(ReadOnlySpan<byte> bytes)
    {
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(bytes);
        var conversation = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        return microseconds >= 0 && microseconds < s_mostMicroseconds && conversation > 0
            ? new InboxPlace(DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), conversation)
            : null;
    }

    /// <summary>Returns false for any text that this version would not produce.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out InboxPlace? place)
    {
        place = null;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != TextLength || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length)
            || length != Length || bytes[0] != Version)
        {
            return false;
        }

        place = Read(bytes[1..]);
        return place is not null;
    }

    private static long MicrosecondsOf(DateTime at) => (at.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
