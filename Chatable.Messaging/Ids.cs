using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Chatable.Messaging;

/// <summary>
/// The id that a client gives a message before its first attempt to send it: 1 to 64 characters of <c>[A-Za-z0-9_-]</c>. Together with the
/// author it identifies the message forever, so sending the message again is always safe.
/// </summary>
public readonly record struct ClientId
{
    public const int MaxLength = 64;

    private const int UuidLength = 36;

    private static readonly SearchValues<byte> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"u8);

    // Null if the key alone gives the text. Nearly every id is a UUID and needs no string.
    private readonly string? _text;

    private ClientId(Guid key, string? text) => (Key, _text) = (key, text);

    /// <summary>The text as the client wrote it.</summary>
    public string Text => _text ?? Key.ToString("D");

    /// <summary>The 16 bytes used as index key: the UUID itself, or a hash of any other text.</summary>
    public Guid Key { get; }

    /// <summary>Whether <see cref="Key"/> alone restores the text.</summary>
    public bool IsUuid => _text is null;

    /// <summary>Creates an id for a client that sends none.</summary>
    public static ClientId New() => new(Guid.CreateVersion7(), text: null);

    public static bool TryParse(string? text, out ClientId id)
    {
        id = default;
        if (text is null || text.Length > MaxLength)
            return false;
        Span<byte> utf8 = stackalloc byte[3 * MaxLength];
        return TryParse(utf8[..Encoding.UTF8.GetBytes(text, utf8)], out id);
    }

    public static bool TryParse(ReadOnlySpan<byte> utf8, out ClientId id)
    {
        id = default;
        if (utf8.IsEmpty || utf8.Length > MaxLength || utf8.ContainsAnyExcept(s_allowed))
            return false;

        id = TryParseUuid(utf8, out var key) ? new ClientId(key, text: null) : new ClientId(Hash(utf8), Encoding.ASCII.GetString(utf8));
        return true;
    }

    /// <summary>Restores an id from the database: the key, and the text if the key is a hash.</summary>
    public static ClientId FromStored(Guid key, string? text) => new(key, text);

    // Only the canonical lower-case form counts as a UUID: two spellings of one UUID are two texts, and so two messages.
    private static bool TryParseUuid(ReadOnlySpan<byte> utf8, out Guid key)
    {
        key = default;
        return utf8.Length == UuidLength && !utf8.ContainsAnyInRange((byte)'A', (byte)'F')
            && Utf8Parser.TryParse(utf8, out key, out var length, 'D') && length == UuidLength;
    }

    // SHA-256 truncated to 128 bits and marked as a version 8 ("custom") UUID, so that it cannot collide with a client's version 4 or 7.
    private static Guid Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, digest);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    public override string ToString() => Text;
}
