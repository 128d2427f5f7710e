using System.ComponentModel.DataAnnotations;
using Chatable.Messaging;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Auth;

/// <summary>Client authentication. Section <c>Auth</c>.</summary>
internal sealed class AuthOptions : IKeyPrefixed
{
    public const string Section = "Auth";

    /// <summary>The prefix of the Redis channel name: deployments that share a Redis must not end each other's tokens.</summary>
    public string KeyPrefix { get; set; } = "";

    /// <summary>The lifetime of an access key and its refresh token.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "366.00:00:00")]
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whether a JWT must have <c>exp</c>. The original service's clients send none, so the default is false.</summary>
    public bool RequireExpiration { get; set; }

    /// <summary>The permitted clock skew of clients, for JWTs with <c>exp</c> or <c>nbf</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a replica caches an access key as live. A revocation clears the entry at once through Redis; while Redis is down, this is
    /// the longest delay. Zero disables the cache.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan AccessKeyCacheLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most access keys that a replica caches, about 300 bytes each.</summary>
    [Range(1, 1_000_000)]
    public int AccessKeyCacheCapacity { get; set; } = 10_000;
}

[OptionsValidator]
internal sealed partial class AuthOptionsValidator : IValidateOptions<AuthOptions>;
