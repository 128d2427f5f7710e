using Aspire.Hosting.ApplicationModel;

namespace Chatable.Hosting;

/// <summary>
/// A database server that the orchestrator runs as a local process, on the loopback address. Its script, next to this assembly, finds the
/// installed program and creates the data folder.
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

    /// <summary>The password of its only user, generated and kept in the user secrets unless the parameter is set.</summary>
    public ParameterResource PasswordParameter { get; }

    /// <summary>The server's endpoint. A free port is chosen when the application starts.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <inheritdoc/>
    public abstract ReferenceExpression ConnectionStringExpression { get; }

    internal string Script { get; }
}
