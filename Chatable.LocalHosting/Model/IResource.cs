using System.Collections.ObjectModel;

namespace Chatable.LocalHosting;

/// <summary>A part of the topology: a service, a server, a database or a parameter.</summary>
public interface IResource
{
    /// <summary>Unique in the topology; also the name services use in connection strings and service discovery.</summary>
    string Name { get; }

    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A resource whose process receives environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that listens on named endpoints.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource other resources find by name, as <c>services__{name}__{scheme}__0</c>.</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

/// <summary>A resource whose start can wait for another.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that started processes take command line arguments for.</summary>
public interface IResourceWithArgs : IResource;

/// <summary>A resource that services reach by a connection string.</summary>
public interface IResourceWithConnectionString : IResource
{
    /// <summary>The connection string, credentials included: never log it.</summary>
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

/// <summary>A fact attached to a resource: an endpoint, a wait, a number of replicas.</summary>
public interface IResourceAnnotation;

/// <summary>What has been declared about one resource, in the order of declaration.</summary>
public sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

/// <summary>The resources of a topology, in the order of declaration.</summary>
public interface IResourceCollection : IReadOnlyList<IResource>;
