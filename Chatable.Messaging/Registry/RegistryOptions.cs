using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging.Registry;

/// <summary>Section <c>Registry</c>. The API servers and the workers must agree on every value.</summary>
public sealed class RegistryOptions : IKeyPrefixed
{
    public const string Section = "Registry";

    /// <inheritdoc/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>How often a server sends a heartbeat.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a server counts as alive after a heartbeat, by Redis' clock. By default, three heartbeats may be lost.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ServerLifetime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server must be silent after its lifetime before it and its queue are removed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ReapAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The maximum age of a worker's snapshot of the live servers. A server missing from the snapshot is looked up again at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LiveServersAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a user's registration lasts without renewal, so that no registration stays forever.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "366.00:00:00")]
    public TimeSpan UserLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Lists the settings that contradict each other.</summary>
    public IEnumerable<string> Contradictions()
    {
        if (ServerLifetime / 2 < HeartbeatInterval)
            yield return "Registry:ServerLifetime must be at least two heartbeats.";
        if (ReapAfter < ServerLifetime)
            yield return "Registry:ReapAfter must be at least Registry:ServerLifetime.";
        if (LiveServersAge >= ReapAfter)
            yield return "Registry:LiveServersAge must be shorter than Registry:ReapAfter.";
    }
}

[OptionsValidator]
public sealed partial class RegistryOptionsValidator : IValidateOptions<RegistryOptions>;
