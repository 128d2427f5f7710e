using System.Text.RegularExpressions;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Accounts;

/// <summary>What the fields of an account may hold. The texts are the original's, word for word.</summary>
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

    /// <summary>At a login a password need not be a good one.</summary>
    public static FieldRule[] Password { get; } =
        [new(text => PasswordText.IsAtMost(MaxPassword, text), $"please enter no more than {MaxPassword} characters")];

    /// <summary>A passphrase may have spaces.</summary>
    public static FieldRule[] NewPassphrase { get; } =
    [
        .. Password,
        new(text => PasswordText.IsAtLeast(MinPassword, text), $"please enter a password with at least {MinPassword} characters"),
    ];

    /// <summary>The original's rule, which v1 keeps.</summary>
    public static FieldRule[] NewPassword { get; } =
        [.. NewPassphrase, new(text => !text.Any(char.IsWhiteSpace), "please enter a password without any space")];

    /// <summary>At a login or refresh a wrong text is a wrong text; only its size matters before it is looked up.</summary>
    public static FieldRule[] Credential { get; } = [FieldRule.MaxLength(256)];

    // The production of HTML's <input type=email>: what a mail server takes and people write.
    [GeneratedRegex(
        @"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
            + @"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex EmailAddress();
}
