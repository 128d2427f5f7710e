using Chatable.Messaging.Users;

namespace Chatable.ApiService.Accounts;

/// <summary>Rules for registration. Section <c>Accounts</c>.</summary>
internal sealed class AccountsOptions
{
    public const string Section = "Accounts";

    /// <summary>
    /// Usernames that cannot be registered, in any letter case, separated by commas. Empty for none. Existing users keep theirs.
    /// </summary>
    public string ReservedUsernames { get; set; } = "admin,root,support,system,everyone,here";

    /// <summary>The reserved names as an array.</summary>
    public string[] Reserved =>
        ReservedUsernames.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public IEnumerable<string> Faults() => Reserved.Where(name => !Username.IsWellFormed(name)).Select(
        name => $"Accounts:ReservedUsernames has '{name}', which is no username: letters, digits and underscores, a letter first.");
}
