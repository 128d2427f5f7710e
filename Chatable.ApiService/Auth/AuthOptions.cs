using Chatable.Messaging;

namespace Chatable.ApiService.Auth;

/// <summary>Client authentication. Section <c>Auth</c>.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>The prefix of the Redis channel name: deployments that share a Redis must not end each other's tokens.</summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The lifetime of an access key and its refresh token.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whether a JWT must have <c>exp</c>. The original service's clients send none, so the default is false.</summary>
    public bool RequireExpiration { get; set; }

    /// <summary>The permitted clock skew of clients, for JWTs with <c>exp</c> or <c>nbf</c>.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a replica caches an access key as live. A revocation clears the entry at once through Redis; while Redis is down, this is
    /// the longest delay. Zero disables the cache.
    /// </summary>
    public TimeSpan AccessKeyCacheLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most access keys that a replica caches, about 300 bytes each.</summary>
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
