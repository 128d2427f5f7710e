using System.Text.RegularExpressions;

namespace Chatable.Messaging.Users;

/// <summary>
/// The shape of a username: ASCII, a letter and then letters, digits or underscores. Letter case does not distinguish users.
/// </summary>
public static partial class Username
{
    public const int MaxLength = 64;

    public static bool IsWellFormed(string text) => text.Length <= MaxLength && Shape().IsMatch(text);

    // Uses \z because $ would allow a trailing newline, and spells out the class because \w matches all of Unicode.
    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9_]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
