namespace Chatable.LocalHosting;

/// <summary>
/// A database server: a child process on a free loopback port, or one somebody else runs where a connection string is configured.
/// </summary>
public abstract class ServerResource(string name, string? configuredConnectionString, ParameterResource password)
    : Resource(name), IResourceWithConnectionString, IResourceWithEnvironment, IResourceWithArgs, IResourceWithWaitSupport
{
    internal const string Host = "127.0.0.1";

    internal string? ConfiguredConnectionString { get; } = configuredConnectionString;

    internal ParameterResource Password { get; } = password;

    /// <summary>Chosen when the topology starts, and kept across restarts of the server.</summary>
    internal int Port { get; set; }

    internal string? VolumeName => Annotations.OfType<DataVolumeAnnotation>().LastOrDefault()?.Name;

    public abstract ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}
