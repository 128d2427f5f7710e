using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>Usernames that others could mistake for the operator or for a command.</summary>
internal sealed class ReservedUsernames(IOptions<AccountsOptions> options)
{
    private readonly FrozenSet<string> _names = options.Value.Reserved.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the fault by field, or null if the name may be registered.</summary>
    public IReadOnlyDictionary<string, string>? FaultOf(string username) => _names.Contains(username)
        ? new Dictionary<string, string> { ["username"] = "please enter another name, this one is reserved" }
        : null;
}
