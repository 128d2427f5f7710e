using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>Projects and other programs.</summary>
public static class ProjectBuilderExtensions
{
    /// <summary>Adds a project of the solution, with the endpoints of its launch profile.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new()
    {
        var project = new TProject();
        var profile = LaunchProfile.Find(project.ProjectPath, builder.Configuration["DOTNET_LAUNCH_PROFILE"]);
        var resource = builder.AddResource(new ProjectResource(name, project) { LaunchProfile = profile });
        foreach (var url in profile?.HttpUrls ?? [])
            resource.WithAnnotation(new EndpointAnnotation(url.Scheme, url.Scheme, url.Port));
        return resource;
    }

    /// <summary>Adds any other program; <paramref name="workingDirectory"/> is relative to the AppHost's folder.</summary>
    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder, string name, string command, string workingDirectory, params string[]? args) =>
        builder.AddResource(new ExecutableResource(
            name, command, Path.GetFullPath(workingDirectory, builder.AppHostDirectory), args ?? []));

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        return builder.WithAnnotation(new ReplicaAnnotation(replicas));
    }

    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder, string endpointName, Action<EndpointAnnotation> callback, bool createIfNotExists = true)
        where T : IResourceWithEndpoints
    {
        var endpoint = builder.Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(e => e.Name == endpointName);
        if (endpoint is null && createIfNotExists)
            builder.WithAnnotation(endpoint = new EndpointAnnotation(endpointName, endpointName, port: null));
        if (endpoint is not null)
            callback(endpoint);
        return builder;
    }

    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints
    {
        foreach (var endpoint in builder.Resource.Annotations.OfType<EndpointAnnotation>())
            endpoint.IsExternal |= endpoint.UriScheme is "http" or "https";
        return builder;
    }

    /// <summary>
    /// A replica is healthy once GET <paramref name="path"/> answers with <paramref name="statusCode"/>, 200 unless given.
    /// </summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        var probe = new HttpHealthProbe(path ?? "/", statusCode ?? 200, endpointName);
        var key = string.Create(
            CultureInfo.InvariantCulture, $"{builder.Resource.Name}_{endpointName ?? "http"}_{probe.Path}_{probe.StatusCode}_check");
        return builder.WithAnnotation(probe).WithAnnotation(new HealthCheckAnnotation(key));
    }
}
