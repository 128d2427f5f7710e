using System.Buffers;
using System.Text;

namespace Chatable.Client.Wire;

/// <summary>
/// Rejects messages that no server could accept, without asking one: the client's side of the rules in docs/wire-protocol.md. Limits that
/// an operator can change are checked by the server.
/// </summary>
internal static class SendRules
{
    private const int MaxClientId = 64;

    // In bytes of UTF-8. No username is that long.
    private const int MaxName = 255;

    private static readonly SearchValues<char> s_clientId =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    // Default_Ignorable_Code_Point of Unicode 16, and the empty Braille cell: neither is visible.
    private static readonly (int First, int Last)[] s_invisible =
    [
        (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
        (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    /// <returns>Why the server would refuse the message permanently, with its error code. Null if it may accept the message.</returns>
    public static ChatSendException? FaultOf(OutgoingMessage message)
    {
        if (message.ClientId.Length is 0 or > MaxClientId || message.ClientId.AsSpan().ContainsAnyExcept(s_clientId))
            return Refused("invalid", "client_id must be 1 to 64 characters of [A-Za-z0-9_-]");
        if (message.Recipient.Length == 0 || !CanBeStored(message.Recipient) || Encoding.UTF8.GetByteCount(message.Recipient) > MaxName)
            return Refused("invalid", "recipient cannot be anybody's username");
        if (message.Type is not (ChatMessageType.Text or ChatMessageType.Photo))
            return Refused("invalid", "message_type is not known");
        if (!CanBeStored(message.Text))
            return Refused("invalid", "message has characters that are not allowed");
        return IsBlank(message.Text) ? Refused("empty", "message has nothing to read") : null;

        ChatSendException Refused(string code, string words) => new(message.ClientId, code, words);
    }

    /// <summary>Whether the text can be sent unchanged: an unpaired surrogate would become another character.</summary>
    public static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!Rune.TryGetRuneAt(text, i, out _))
                return false;
            i++;
        }

        return true;
    }

    private static bool CanBeStored(string text) => IsWhole(text) && !text.Contains('\0');

    private static bool IsBlank(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsWhiteSpace(rune) && !s_invisible.Any(range => rune.Value >= range.First && rune.Value <= range.Last))
                return false;
        }

        return true;
    }
}
