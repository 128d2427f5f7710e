namespace Chatable.ApiService.Accounts;

/// <summary>The cost of password hashing. Section <c>Passwords</c>.</summary>
internal sealed class PasswordsOptions
{
    public const string Section = "Passwords";

    /// <summary>Rounds of PBKDF2-HMAC-SHA512. Hashes with fewer are renewed at the next login.</summary>
    public int Iterations { get; set; } = 220_000;

    /// <summary>
    /// How many hashes are computed at a time, each on its own core for about a tenth of a second. Half of the cores by default; the others
    /// serve the chat.
    /// </summary>
    public int MaxConcurrentHashes { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How many requests may wait for their turn. One more is answered 503.</summary>
    public int MaxWaitingHashes { get; set; } = 256;

    public IEnumerable<string> Faults()
    {
        if (Iterations is < 1_000 or > 10_000_000)
            yield return "Passwords:Iterations must be from 1,000 to 10,000,000.";
        if (MaxConcurrentHashes is < 1 or > 1_024)
            yield return "Passwords:MaxConcurrentHashes must be from 1 to 1,024.";
        if (MaxWaitingHashes is < 0 or > 100_000)
            yield return "Passwords:MaxWaitingHashes must be from 0 to 100,000.";
    }
}
