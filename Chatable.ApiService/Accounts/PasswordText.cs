using System.Globalization;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Accounts;

/// <summary>
/// Passwords as texts (RFC 8265, profile OpaqueString): one password may be typed in several ways, such as with an é that is one character
/// or two, and with a space that is not ASCII's.
/// </summary>
internal static class PasswordText
{
    // In UTF-16: no character is typed with more than four code points.
    private const int MaxTypedLength = 4 * 2;

    /// <summary>The form that is hashed and compared: spaces of all kinds are one, the rest in Unicode's form NFC.</summary>
    public static string Prepare(string typed) => Nfc.Of(string.Create(typed.Length, typed, static (prepared, typed) =>
    {
        for (var at = 0; at < typed.Length; at++)
            prepared[at] = char.GetUnicodeCategory(typed[at]) == UnicodeCategory.SpaceSeparator ? ' ' : typed[at];
    }));

    /// <summary>Whether it has so many characters or more, however it is typed.</summary>
    public static bool IsAtLeast(int characters, string typed) => Characters.Count(Prepare(typed)) >= characters;

    /// <summary>Whether it has no more characters, however it is typed. What is far too long is not looked at closely.</summary>
    public static bool IsAtMost(int characters, string typed) =>
        typed.Length <= characters * MaxTypedLength && Characters.Count(Prepare(typed)) <= characters;
}
