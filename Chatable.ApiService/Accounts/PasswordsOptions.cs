using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>The cost of password hashing. Section <c>Passwords</c>.</summary>
internal sealed class PasswordsOptions
{
    public const string Section = "Passwords";

    /// <summary>Rounds of PBKDF2-HMAC-SHA512. Hashes with fewer are renewed at the next login.</summary>
    [Range(1_000, 10_000_000)]
    public int Iterations { get; set; } = 220_000;

    /// <summary>
    /// How many hashes are computed at a time, each on its own core for about a tenth of a second. Half of the cores by default; the others
    /// serve the chat.
    /// </summary>
    [Range(1, 1_024)]
    public int MaxConcurrentHashes { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How many requests may wait for their turn. One more is answered 503.</summary>
    [Range(0, 100_000)]
    public int MaxWaitingHashes { get; set; } = 256;
}

[OptionsValidator]
internal sealed partial class PasswordsOptionsValidator : IValidateOptions<PasswordsOptions>;
