namespace Chatable.Messaging.Registry;

/// <summary>Section <c>Registry</c>; the API servers and the workers must agree on every value.</summary>
public sealed class RegistryOptions : IKeyPrefixed
{
    public const string Section = "Registry";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>How often a server says that it lives.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a server counts as alive after a heartbeat: three of them may be lost. By Redis' clock.</summary>
    public TimeSpan ServerLifetime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its lifetime a silent server and its queue are removed.</summary>
    public TimeSpan ReapAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How old a worker's picture of the live servers may be. A server it does not show is looked up again at once.</summary>
    public TimeSpan LiveServersAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a user's registration stays without being renewed, so that nothing is left behind for ever.</summary>
    public TimeSpan UserLifetime { get; set; } = TimeSpan.FromHours(24);
}
