using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>Usernames that others would take for the operator's or for a command.</summary>
internal sealed class ReservedUsernames(IOptions<AccountsOptions> options)
{
    private readonly FrozenSet<string> _names = options.Value.Reserved.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with the name, by field; null where it may be registered.</summary>
    public IReadOnlyDictionary<string, string>? FaultOf(string username) => _names.Contains(username)
        ? new Dictionary<string, string> { ["username"] = "please enter another name, this one is reserved" }
        : null;
}
