using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Chatable.Messaging.Conversations;

/// <summary>
/// The position from which a walk through an inbox continues. The walk first goes towards the older conversations, and would miss those
/// that move to the front in the meantime. It therefore remembers the seq of the user's log at its beginning, and ends with the
/// conversations that the log names since then. Its text is opaque to clients: base64url of
/// <code>
/// u8  version (2)  · i64 last activity, as in InboxCursor · i64 conversation id · i64 the log's seq at the beginning
/// u8  version (3)  · i64 seq it has reached in the log · i64 seq of the end, the greatest of all where that is not known yet
/// </code>
/// Integers are big-endian. A version 1 cursor (see <see cref="InboxCursor"/>) is a walk without a remembered beginning.
/// </summary>
public abstract record InboxWalk
{
    private const byte OlderVersion = 2, MovedVersion = 3;
    private const int OlderLength = 25, MovedLength = 17;

    public static bool TryParse(string text, [NotNullWhen(true)] out InboxWalk? walk)
    {
        walk = null;
        if (InboxCursor.TryParse(text, out var place))
        {
            walk = new Older(place.Value, Began: null);
            return true;
        }

        Span<byte> bytes = stackalloc byte[OlderLength];
        if (text.Length > Base64Url.GetEncodedLength(OlderLength) || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
        {
            return false;
        }

        walk = (bytes[0], length) switch
        {
            (OlderVersion, OlderLength) => ReadOlder(bytes),
            (MovedVersion, MovedLength) => ReadMoved(bytes),
            _ => null,
        };
        return walk is not null && walk.ToText() == text;
    }

    public abstract string ToText();

    private static Older? ReadOlder(ReadOnlySpan<byte> bytes) =>
        InboxCursor.Read(bytes[1..]) is { } place && BinaryPrimitives.ReadInt64BigEndian(bytes[17..]) is >= 0 and var began
            ? new Older(place, began)
            : null;

    private static Moved? ReadMoved(ReadOnlySpan<byte> bytes)
    {
        var (after, until) = (BinaryPrimitives.ReadInt64BigEndian(bytes[1..]), BinaryPrimitives.ReadInt64BigEndian(bytes[9..]));
        return after >= 0 && after <= until ? new Moved(after, until) : null;
    }

    /// <summary>The conversations older than a given place.</summary>
    public sealed record Older(InboxPlace Place, long? Began) : InboxWalk
    {
        public override string ToText()
        {
            if (Began is not { } began)
                return InboxCursor.ToText(Place);
            Span<byte> bytes = stackalloc byte[OlderLength];
            bytes[0] = OlderVersion;
            InboxCursor.Write(Place, bytes[1..]);
            BinaryPrimitives.WriteInt64BigEndian(bytes[17..], began);
            return Base64Url.EncodeToString(bytes);
        }
    }

    /// <summary>The conversations that the user's log names between two seqs, the first excluded.</summary>
    public sealed record Moved(long After, long Until) : InboxWalk
    {
        public override string ToText()
        {
            Span<byte> bytes = stackalloc byte[MovedLength];
            bytes[0] = MovedVersion;
            BinaryPrimitives.WriteInt64BigEndian(bytes[1..], After);
            BinaryPrimitives.WriteInt64BigEndian(bytes[9..], Until);
            return Base64Url.EncodeToString(bytes);
        }
    }
}
