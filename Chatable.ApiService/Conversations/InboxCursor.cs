using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Conversations;

/// <summary>
/// A place in the inbox as clients see it, opaque to them: base64url of
/// <code>
/// u8  version (1)
/// i64 last activity, in microseconds since 1970, big-endian
/// i64 conversation id, big-endian
/// </code>
/// </summary>
internal static class InboxCursor
{
    private const byte Version = 1;
    private const int Length = 1 + sizeof(long) + sizeof(long);
    private const int TextLength = 23;

    private static readonly long s_mostMicroseconds = MicrosecondsOf(DateTime.MaxValue);

    public static string ToText(InboxPlace place)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], MicrosecondsOf(place.LastActivityAt));
        BinaryPrimitives.WriteInt64BigEndian(bytes[9..], place.ConversationId);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>False for anything this version would not write.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out InboxPlace? place)
    {
        place = null;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != TextLength || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length)
            || length != Length || bytes[0] != Version)
        {
            return false;
        }

        var microseconds = BinaryPrimitives.ReadInt64BigEndian(bytes[1..]);
        var conversation = BinaryPrimitives.ReadInt64BigEndian(bytes[9..]);
        if (microseconds < 0 || microseconds >= s_mostMicroseconds || conversation <= 0)
            return false;

        place = new InboxPlace(DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), conversation);
        return true;
    }

    private static long MicrosecondsOf(DateTime at) => (at.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
