namespace Chatable.LocalHosting;

/// <summary>How many processes of a project run side by side.</summary>
public sealed class ReplicaAnnotation(int replicas = 1) : IResourceAnnotation
{
    public int Replicas { get; } = replicas;
}

public enum WaitType
{
    WaitUntilHealthy,
    WaitForCompletion,
}

/// <summary>
/// The resource carrying it starts only when <see cref="Resource"/> is healthy, or has ended with <see cref="ExitCode"/>.
/// </summary>
public sealed class WaitAnnotation(IResource resource, WaitType waitType, int exitCode = 0) : IResourceAnnotation
{
    public IResource Resource { get; } = resource;

    public WaitType WaitType { get; } = waitType;

    public int ExitCode { get; } = exitCode;
}

/// <summary>Names a health check of the resource; without one a running resource counts as healthy.</summary>
public sealed class HealthCheckAnnotation(string key) : IResourceAnnotation
{
    public string Key { get; } = key;
}

/// <summary>An HTTP GET on every replica that must answer with <paramref name="StatusCode"/>.</summary>
internal sealed record HttpHealthProbe(string Path, int StatusCode, string? EndpointName) : IResourceAnnotation;

/// <summary>The folder, kept between runs, that holds a server's data.</summary>
internal sealed record DataVolumeAnnotation(string Name) : IResourceAnnotation;

/// <summary>Contributes environment variables just before each start of the resource's process.</summary>
public sealed class EnvironmentCallbackAnnotation(Func<EnvironmentCallbackContext, Task> callback) : IResourceAnnotation
{
    public Func<EnvironmentCallbackContext, Task> Callback { get; } = callback;
}

/// <summary>The environment under construction for one start of one process.</summary>
public sealed class EnvironmentCallbackContext(
    DistributedApplicationExecutionContext executionContext,
    IResource resource,
    Dictionary<string, object> environmentVariables,
    CancellationToken cancellationToken)
{
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    public IResource Resource { get; } = resource;

    /// <summary>Values are strings, or parameters that are resolved once every callback has run.</summary>
    public Dictionary<string, object> EnvironmentVariables { get; } = environmentVariables;

    public CancellationToken CancellationToken { get; } = cancellationToken;
}
