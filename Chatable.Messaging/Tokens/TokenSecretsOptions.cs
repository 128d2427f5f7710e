namespace Chatable.Messaging.Tokens;

/// <summary>The keys under which access keys' secrets are encrypted in the database. Section <c>TokenSecrets</c>.</summary>
public sealed class TokenSecretsOptions
{
    public const string Section = "TokenSecrets";
    public const int MinKeyLength = 32;

    /// <summary>The current key: any text of at least 32 characters. Without it nothing starts.</summary>
    public string Key { get; set; } = "";

    /// <summary>The number stored beside what the current key encrypts, 1 to 255. A new key takes a new number.</summary>
    public int KeyId { get; set; } = 1;

    /// <summary>Earlier keys by their numbers. Kept until the last token encrypted under them has expired.</summary>
    public Dictionary<int, string> PreviousKeys { get; init; } = [];

    /// <summary>Everything that is wrong, in sentences that never quote a key; empty where all is well.</summary>
    public IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(Key))
            yield return "TokenSecrets:Key is missing: give a secret text of at least 32 characters.";
        else if (Key.Length < MinKeyLength)
            yield return "TokenSecrets:Key is too short: it takes at least 32 characters.";
        if (KeyId is < 1 or > 255)
            yield return "TokenSecrets:KeyId must be from 1 to 255.";
        if (PreviousKeys.ContainsKey(KeyId))
            yield return "TokenSecrets:PreviousKeys must not hold the number of the current key.";
        foreach (var (id, text) in PreviousKeys)
        {
            if (id is < 1 or > 255 || text is null || text.Length < MinKeyLength)
                yield return "TokenSecrets:PreviousKeys takes numbers from 1 to 255 and keys of at least 32 characters.";
        }
    }
}
