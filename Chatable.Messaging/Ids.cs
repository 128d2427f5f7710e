using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Chatable.Messaging;

/// <summary>
/// The name a client gives a message before its first attempt to send it: 1 to 64 characters of <c>[A-Za-z0-9_-]</c>.
/// With the author it identifies the message for ever, so that sending it again is always safe.
/// </summary>
public readonly record struct ClientId
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private ClientId(string text, Guid key, bool isUuid) => (Text, Key, IsUuid) = (text, key, isUuid);

    /// <summary>What the client wrote.</summary>
    public string Text { get; }

    /// <summary>The 16 bytes it is indexed by: the UUID itself, or a hash of any other text.</summary>
    public Guid Key { get; }

    /// <summary>Whether <see cref="Key"/> alone gives the text back.</summary>
    public bool IsUuid { get; }

    /// <summary>A name made by the server for a client that gives none.</summary>
    public static ClientId New()
    {
        var key = Guid.CreateVersion7();
        return new ClientId(key.ToString("D"), key, isUuid: true);
    }

    public static bool TryParse(string? text, out ClientId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength || text.AsSpan().ContainsAnyExcept(s_allowed))
            return false;

        // Only the canonical lower-case form is taken as a UUID: two spellings of one UUID are two texts, hence two messages.
        Span<char> canonical = stackalloc char[36];
        var isUuid = Guid.TryParseExact(text, "D", out var key) && key.TryFormat(canonical, out _, "D")
            && text.AsSpan().SequenceEqual(canonical);
        id = new ClientId(text, isUuid ? key : Hash(text), isUuid);
        return true;
    }

    /// <summary>The id as the database holds it: the key, and the text where the key is a hash.</summary>
    public static ClientId FromStored(Guid key, string? text) =>
        text is null ? new ClientId(key.ToString("D"), key, isUuid: true) : new ClientId(text, key, isUuid: false);

    // SHA-256 cut to 128 bits, marked as a version 8 ("custom") UUID so that it cannot meet a client's own version 4 or 7.
    private static Guid Hash(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(text), digest);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    public override string ToString() => Text;
}
