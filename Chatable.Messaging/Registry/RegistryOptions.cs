namespace Chatable.Messaging.Registry;

/// <summary>Section <c>Registry</c>. The API servers and the workers must agree on every value.</summary>
public sealed class RegistryOptions : IKeyPrefixed
{
    public const string Section = "Registry";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>How often a server sends a heartbeat.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a server counts as alive after a heartbeat, by Redis' clock. By default, three heartbeats may be lost.</summary>
    public TimeSpan ServerLifetime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server must be silent after its lifetime before it and its queue are removed.</summary>
    public TimeSpan ReapAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The maximum age of a worker's snapshot of the live servers. A server missing from the snapshot is looked up again at once.
    /// </summary>
    public TimeSpan LiveServersAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a user's registration lasts without renewal, so that no registration stays forever.</summary>
    public TimeSpan UserLifetime { get; set; } = TimeSpan.FromHours(24);
}
