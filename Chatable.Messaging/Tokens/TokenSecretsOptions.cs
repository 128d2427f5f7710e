using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging.Tokens;

/// <summary>The keys under which access keys' secrets are encrypted in the database. Section <c>TokenSecrets</c>.</summary>
public sealed class TokenSecretsOptions
{
    public const string Section = "TokenSecrets";
    public const int MinKeyLength = 32;

    /// <summary>The current key: any text of at least 32 characters. Required for startup.</summary>
    public string Key { get; set; } = "";

    /// <summary>The number stored with everything that the current key encrypts, 1 to 255. A new key needs a new number.</summary>
    [Range(1, 255)]
    public int KeyId { get; set; } = 1;

    /// <summary>Earlier keys by their numbers, for decryption only. Keep each until the last token encrypted with it has expired.</summary>
    public Dictionary<int, string> PreviousKeys { get; init; } = [];

    /// <summary>
    /// Later keys by their numbers, for decryption only. Every replica must have a new key here before the first replica encrypts with it.
    /// A replica without the key cannot read the tokens of one that uses it.
    /// </summary>
    public Dictionary<int, string> NextKeys { get; init; } = [];

    /// <summary>Returns all errors in sentences that never quote a key. Empty if the options are valid.</summary>
    public IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(Key))
            yield return "TokenSecrets:Key is missing: give a secret text of at least 32 characters.";
        else if (Key.Length < MinKeyLength)
            yield return "TokenSecrets:Key is too short: it takes at least 32 characters.";
        (string Name, Dictionary<int, string> Keys)[] others = [(nameof(PreviousKeys), PreviousKeys), (nameof(NextKeys), NextKeys)];
        foreach (var (name, keys) in others)
        {
            if (keys.ContainsKey(KeyId))
                yield return $"TokenSecrets:{name} must not hold the number of the current key.";
            if (keys.Any(key => key.Key is < 1 or > 255 || key.Value is null || key.Value.Length < MinKeyLength))
                yield return $"TokenSecrets:{name} takes numbers from 1 to 255 and keys of at least 32 characters.";
        }

        if (PreviousKeys.Keys.Intersect(NextKeys.Keys).Any())
            yield return "TokenSecrets:PreviousKeys and TokenSecrets:NextKeys must not hold the same number.";
    }
}

[OptionsValidator]
public sealed partial class TokenSecretsOptionsValidator : IValidateOptions<TokenSecretsOptions>;
