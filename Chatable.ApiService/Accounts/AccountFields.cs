using System.Text.RegularExpressions;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Accounts;

/// <summary>The rules for account fields. The texts are those of the original service, word for word.</summary>
internal static partial class AccountFields
{
    public const int MaxName = 100;
    public const int MaxEmail = 254;
    public const int MaxPhone = 32;
    public const int MinPassword = 10;
    public const int MaxPassword = 128;

    public static FieldRule[] Name { get; } = [FieldRule.MaxLength(MaxName)];

    public static FieldRule[] Username { get; } =
        [FieldRule.MaxLength(Messaging.Users.Username.MaxLength), new(Messaging.Users.Username.IsWellFormed, "please enter a valid name")];

    public static FieldRule[] Email { get; } =
        [FieldRule.MaxLength(MaxEmail), new(text => EmailAddress().IsMatch(text), "please enter a valid email address")];

    public static FieldRule[] Phone { get; } =
        [FieldRule.MaxLength(MaxPhone), new(text => text.All(char.IsAsciiDigit), "please enter a valid phone number")];

    /// <summary>At login a password need not meet the rules for new ones.</summary>
    public static FieldRule[] Password { get; } =
        [new(text => PasswordText.IsAtMost(MaxPassword, text), $"please enter no more than {MaxPassword} characters")];

    /// <summary>A passphrase may contain spaces.</summary>
    public static FieldRule[] NewPassphrase { get; } =
    [
        .. Password,
        new(text => PasswordText.IsAtLeast(MinPassword, text), $"please enter a password with at least {MinPassword} characters"),
    ];

    /// <summary>The original service's rule, which v1 keeps.</summary>
    public static FieldRule[] NewPassword { get; } =
        [.. NewPassphrase, new(text => !text.Any(char.IsWhiteSpace), "please enter a password without any space")];

    /// <summary>For login and refresh. A wrong value fails when it is looked up; only its length is checked before.</summary>
    public static FieldRule[] Credential { get; } = [FieldRule.MaxLength(256)];

    // The pattern of HTML's <input type=email>, which matches the addresses that mail servers accept and people use.
    [GeneratedRegex(
        @"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
            + @"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex EmailAddress();
}
