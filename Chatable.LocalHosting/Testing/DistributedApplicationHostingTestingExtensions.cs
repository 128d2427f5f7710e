using Microsoft.Extensions.DependencyInjection;

namespace Chatable.LocalHosting.Testing;

/// <summary>How a test reaches the resources of a started topology.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client for the public address of an endpoint; connections go to the replicas in turn.</summary>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = default)
    {
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = app.GetEndpoint(resourceName, endpointName);
        return client;
    }

    /// <exception cref="ArgumentException">The resource does not exist or has no connection string.</exception>
    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        Find(app, resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"The resource '{resourceName}' has no connection string.", nameof(resourceName));

    /// <exception cref="ArgumentException">The resource or its endpoint does not exist, or the topology has not been started.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = default)
    {
        var endpoint = Find(app, resourceName).Annotations.OfType<EndpointAnnotation>()
            .FirstOrDefault(endpoint => endpoint.Name == (endpointName ?? "http"));
        return endpoint?.AllocatedEndpoint is { } allocated
            ? new(allocated.UriString)
            : throw new ArgumentException(
                $"The resource '{resourceName}' has no endpoint '{endpointName ?? "http"}'.", nameof(endpointName));
    }

    private static IResource Find(DistributedApplication app, string name) =>
        app.Services.GetRequiredService<DistributedApplicationModel>().Resources
            .FirstOrDefault(resource => resource.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"The topology has no resource named '{name}'.", nameof(name));
}
