using Chatable.Messaging;

namespace Chatable.ApiService.Auth;

/// <summary>How clients prove who they are. Section <c>Auth</c>.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>Before the name of the Redis channel: deployments that share a Redis must not end each other's tokens.</summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>How long an access key and its refresh token live.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whether a JWT must have <c>exp</c>. The original's clients send none, so by default it may be absent.</summary>
    public bool RequireExpiration { get; set; }

    /// <summary>How far a client's clock may be off where its JWT has <c>exp</c> or <c>nbf</c>.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a replica takes an access key for live without asking the database. A revocation clears it at once through Redis;
    /// this is the longest it can take while Redis is down. Zero asks every time.
    /// </summary>
    public TimeSpan AccessKeyCacheLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many access keys a replica remembers, about 300 bytes each.</summary>
    public int AccessKeyCacheCapacity { get; set; } = 10_000;

    public IEnumerable<string> Faults()
    {
        if (!KeyPrefixes.IsValid(KeyPrefix))
            yield return $"Auth:KeyPrefix {KeyPrefixes.Rule}";
        if (TokenLifetime < TimeSpan.FromMinutes(1) || TokenLifetime > TimeSpan.FromDays(366))
            yield return "Auth:TokenLifetime must be from one minute to 366 days.";
        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromMinutes(10))
            yield return "Auth:ClockSkew must be from zero to ten minutes.";
        if (AccessKeyCacheLifetime < TimeSpan.Zero || AccessKeyCacheLifetime > TimeSpan.FromMinutes(5))
            yield return "Auth:AccessKeyCacheLifetime must be from zero to five minutes.";
        if (AccessKeyCacheCapacity is < 1 or > 1_000_000)
            yield return "Auth:AccessKeyCacheCapacity must be from 1 to 1,000,000.";
    }
}
