using Aspire.Hosting.ApplicationModel;

namespace Chatable.Hosting;

/// <summary>
/// A database server that the orchestrator runs as a process of this machine, on the loopback address. Its script, beside this assembly,
/// finds the installed program and makes the data folder.
/// </summary>
public abstract class ServerExecutableResource : ExecutableResource, IResourceWithConnectionString
{
    internal const string EndpointName = "tcp";

    private protected ServerExecutableResource(string name, string script, ParameterResource password)
        : base(name, "/bin/sh", AppContext.BaseDirectory)
    {
        Script = script;
        PasswordParameter = password;
        PrimaryEndpoint = new(this, EndpointName);
    }

    /// <summary>The password of its one user, generated and kept in the user secrets unless the parameter is set.</summary>
    public ParameterResource PasswordParameter { get; }

    /// <summary>Where it listens. The port is a free one, chosen at the start of the topology.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <inheritdoc/>
    public abstract ReferenceExpression ConnectionStringExpression { get; }

    internal string Script { get; }
}
