using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>A named endpoint of a project: one public address, behind which every replica has a port of its own.</summary>
public sealed class EndpointAnnotation(string name, string uriScheme, int? port) : IResourceAnnotation
{
    public string Name { get; } = name;

    public string UriScheme { get; set; } = uriScheme;

    /// <summary>The public port, or null for any free one. Only external endpoints insist on it.</summary>
    public int? Port { get; set; } = port;

    /// <summary>Whether people and other machines' programs use this endpoint, so that its port must stay the same.</summary>
    public bool IsExternal { get; set; }

    /// <summary>Set when the topology starts.</summary>
    public AllocatedEndpoint? AllocatedEndpoint { get; internal set; }
}

/// <summary>Where an endpoint can be reached in this run.</summary>
public sealed record AllocatedEndpoint(string UriScheme, string Address, int Port)
{
    public string UriString => string.Create(CultureInfo.InvariantCulture, $"{UriScheme}://{Address}:{Port}");
}
