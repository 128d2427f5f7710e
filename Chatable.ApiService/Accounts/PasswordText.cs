using System.Globalization;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Accounts;

/// <summary>
/// Normalizes passwords as text (RFC 8265, profile OpaqueString). One password may be typed in several ways, such as with an é that is one
/// or two code points, or with a non-ASCII space.
/// </summary>
internal static class PasswordText
{
    // In UTF-16 units: no character is typed with more than four code points.
    private const int MaxTypedLength = 4 * 2;

    /// <summary>The form that is hashed and compared: every kind of space becomes an ASCII space, and the rest is in NFC.</summary>
    public static string Prepare(string typed) => Nfc.Of(string.Create(typed.Length, typed, static (prepared, typed) =>
    {
        for (var at = 0; at < typed.Length; at++)
            prepared[at] = char.GetUnicodeCategory(typed[at]) == UnicodeCategory.SpaceSeparator ? ' ' : typed[at];
    }));

    /// <summary>Whether the password has at least this many characters, however it is typed.</summary>
    public static bool IsAtLeast(int characters, string typed) => Characters.Count(Prepare(typed)) >= characters;

    /// <summary>
    /// Whether the password has at most this many characters, however it is typed. A far longer text is rejected unexamined.
    /// </summary>
    public static bool IsAtMost(int characters, string typed) =>
        typed.Length <= characters * MaxTypedLength && Characters.Count(Prepare(typed)) <= characters;
}
