using Chatable.Hosting;

namespace Chatable.AppHost;

/// <summary>
/// PostgreSQL and Redis. A configured connection string names an existing server. Otherwise they are containers or, if no container runtime
/// can start one, local processes. The services cannot tell the difference.
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
        // When the topology is published, nothing starts.
        _asContainers = settings.Stores switch
        {
            StoreKind.Containers => true,
            _ when builder.ExecutionContext.IsPublishMode => true,
            StoreKind.Processes => false,
            _ => UseWorkingContainerRuntime(),
        };
    }

    /// <summary>Adds PostgreSQL. The migrations own the database, and the services use a role that the migrations create.</summary>
    public Store AddPostgres(string name, string database)
    {
        if (IsConfigured(database))
            return Configured(database);
        var password = AddServicePassword(database);
        if (_asContainers)
        {
            // Users' texts must not reach the log: neither rows ("Failing row contains ...") nor statements.
            var container = _builder.AddPostgres(name).WithArgs("-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic");
            if (_settings.UseVolumes)
                container.WithDataVolume("chatable-postgres");
            return new(container.AddDatabase(database), AsService(container.Resource.PrimaryEndpoint), password);
        }

        var server = _builder.AddPostgresExecutable(name);
        if (_settings.UseVolumes)
            server.WithDataFolder(Path.Combine(_settings.DataFolder, "chatable-postgres"));
        return new(server.AddDatabase(database), AsService(server.Resource.PrimaryEndpoint), password);

        ReferenceExpression AsService(EndpointReference endpoint) => ReferenceExpression.Create(
            $"Host={endpoint.Property(EndpointProperty.Host)};Port={endpoint.Property(EndpointProperty.Port)};Username={Store.ServiceUser};Password={password};Database={database}");
    }

    /// <summary>Adds Redis. The services use a user without server-wide commands, which this program creates.</summary>
    public Store AddRedis(string name)
    {
        if (IsConfigured(name))
            return Configured(name);
        var password = AddServicePassword(name);
        if (_asContainers)
        {
#pragma warning disable ASPIRECERTIFICATES001 // Plain TCP in any case, whether this machine has a developer certificate or not.
            // The append-only file is required: snapshots, one per minute, would lose accepted messages. Aspire's last argument is a shell
            // command line that starts the server. Arguments after it would go to the shell, without effect.
            var container = _builder.AddRedis(name).WithoutHttpsCertificate()
                .WithArgs(context => context.Args[^1] = $"{context.Args[^1]} --appendonly yes");
#pragma warning restore ASPIRECERTIFICATES001
            if (_settings.UseVolumes)
                container.WithDataVolume("chatable-redis");
            return new(RedisServiceUser.AddTo(container, password), AsService(container.Resource.PrimaryEndpoint), password);
        }

        var server = _builder.AddRedisExecutable(name);
        if (_settings.UseVolumes)
            server.WithDataFolder(Path.Combine(_settings.DataFolder, "chatable-redis"));
        return new(RedisServiceUser.AddTo(server, password), AsService(server.Resource.PrimaryEndpoint), password);

        ReferenceExpression AsService(EndpointReference endpoint) => ReferenceExpression.Create(
            $"{endpoint.Property(EndpointProperty.HostAndPort)},user={Store.ServiceUser},password={password}");
    }

    // The configured connection string also determines the services' user.
    private Store Configured(string name)
    {
        var given = _builder.AddConnectionString(name);
        return new(given, ReferenceExpression.Create($"{given}"), ServicePassword: null);
    }

    private ParameterResource AddServicePassword(string store) => _builder
        .AddParameter($"{store}-service-password", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true)
        .Resource;

    private bool IsConfigured(string name) => _builder.Configuration[$"ConnectionStrings:{name}"] is { Length: > 0 };

    private bool UseWorkingContainerRuntime()
    {
        if (ContainerRuntime.FindWorking() is not { } runtime)
            return false;
        // If several runtimes are installed, the orchestrator would choose one by its own rules.
        _builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] ??= runtime;
        return true;
    }
}
