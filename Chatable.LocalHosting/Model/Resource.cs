namespace Chatable.LocalHosting;

/// <summary>What every resource has.</summary>
public abstract class Resource(string name) : IResource
{
    public string Name { get; } = name;

    public ResourceAnnotationCollection Annotations { get; } = [];

    internal bool HasHealthCheck => Annotations.OfType<HealthCheckAnnotation>().Any();
}

/// <summary>A .NET project of the solution, run as one or more processes.</summary>
public sealed class ProjectResource(string name, IProjectMetadata project) : Resource(name),
    IResourceWithEnvironment, IResourceWithServiceDiscovery, IResourceWithWaitSupport, IResourceWithArgs
{
    internal IProjectMetadata Project { get; } = project;

    internal LaunchProfile? LaunchProfile { get; init; }

    internal IEnumerable<EndpointAnnotation> Endpoints => Annotations.OfType<EndpointAnnotation>();
}

/// <summary>Any other program, run as one process.</summary>
public sealed class ExecutableResource(string name, string command, string workingDirectory, IReadOnlyList<string> arguments)
    : Resource(name), IResourceWithEnvironment, IResourceWithWaitSupport, IResourceWithArgs
{
    public string Command { get; } = command;

    public string WorkingDirectory { get; } = workingDirectory;

    internal IReadOnlyList<string> Arguments { get; } = arguments;
}

/// <summary>Where a project lies and what its build made. Written for each ProjectReference by Projects.targets.</summary>
public interface IProjectMetadata
{
    string ProjectPath { get; }

    /// <summary>The built assembly, to be run as <c>dotnet {AssemblyPath}</c>.</summary>
    string AssemblyPath { get; }
}

public static class ResourceExtensions
{
    public static int GetReplicaCount(this IResource resource) =>
        resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
}
