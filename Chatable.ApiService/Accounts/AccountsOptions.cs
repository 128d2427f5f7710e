using Chatable.Messaging.Users;

namespace Chatable.ApiService.Accounts;

/// <summary>Who may register. Section <c>Accounts</c>.</summary>
internal sealed class AccountsOptions
{
    public const string Section = "Accounts";

    /// <summary>
    /// Usernames nobody may register, in any letter case, with commas between them; empty for none. Whoever has one keeps it.
    /// </summary>
    public string ReservedUsernames { get; set; } = "admin,root,support,system,everyone,here";

    /// <summary>The names one by one.</summary>
    public string[] Reserved =>
        ReservedUsernames.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public IEnumerable<string> Faults() => Reserved.Where(name => !Username.IsWellFormed(name)).Select(
        name => $"Accounts:ReservedUsernames has '{name}', which is no username: letters, digits and underscores, a letter first.");
}
