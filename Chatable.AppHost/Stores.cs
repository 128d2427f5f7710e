using Chatable.Hosting;

namespace Chatable.AppHost;

/// <summary>
/// PostgreSQL and Redis. A configured connection string names a server that is already there; otherwise they are containers or, where no
/// container runtime can start one, processes of this machine. The services cannot tell the difference.
/// </summary>
internal sealed class Stores
{
    private readonly IDistributedApplicationBuilder _builder;
    private readonly TopologySettings _settings;
    private readonly bool _asContainers;

    public Stores(IDistributedApplicationBuilder builder, TopologySettings settings)
    {
        _builder = builder;
        _settings = settings;
        // Nothing starts where the topology is published.
        _asContainers = settings.Stores switch
        {
            StoreKind.Containers => true,
            _ when builder.ExecutionContext.IsPublishMode => true,
            StoreKind.Processes => false,
            _ => UseWorkingContainerRuntime(),
        };
    }

    public IResourceBuilder<IResourceWithConnectionString> AddPostgres(string name, string database)
    {
        if (IsConfigured(database))
            return _builder.AddConnectionString(database);
        if (_asContainers)
        {
            var container = _builder.AddPostgres(name);
            if (_settings.UseVolumes)
                container.WithDataVolume("chatable-postgres");
            return container.AddDatabase(database);
        }

        var server = _builder.AddPostgresExecutable(name);
        if (_settings.UseVolumes)
            server.WithDataFolder(Path.Combine(_settings.DataFolder, "chatable-postgres"));
        return server.AddDatabase(database);
    }

    public IResourceBuilder<IResourceWithConnectionString> AddRedis(string name)
    {
        if (IsConfigured(name))
            return _builder.AddConnectionString(name);
        if (_asContainers)
        {
#pragma warning disable ASPIRECERTIFICATES001 // Plain TCP in any case, whether this machine has a developer certificate or not.
            // The append-only file: snapshots, one a minute, would lose accepted messages.
            var container = _builder.AddRedis(name).WithoutHttpsCertificate().WithArgs("--appendonly", "yes");
#pragma warning restore ASPIRECERTIFICATES001
            if (_settings.UseVolumes)
                container.WithDataVolume("chatable-redis");
            return container;
        }

        var server = _builder.AddRedisExecutable(name);
        if (_settings.UseVolumes)
            server.WithDataFolder(Path.Combine(_settings.DataFolder, "chatable-redis"));
        return server;
    }

    private bool IsConfigured(string name) => _builder.Configuration[$"ConnectionStrings:{name}"] is { Length: > 0 };

    private bool UseWorkingContainerRuntime()
    {
        if (ContainerRuntime.FindWorking() is not { } runtime)
            return false;
        // Of several, the orchestrator would take one by its own rules.
        _builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] ??= runtime;
        return true;
    }
}
