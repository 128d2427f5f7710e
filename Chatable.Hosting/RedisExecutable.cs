using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Hosting;

/// <summary>A Redis (or Valkey) server that runs as a process, with the append-only file and without eviction.</summary>
public sealed class RedisExecutableResource(string name, ParameterResource password)
    : ServerExecutableResource(name, "redis.sh", password)
{
    /// <summary><c>host:port,password=…</c></summary>
    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)},password={PasswordParameter}");
}

public static class RedisExecutableBuilderExtensions
{
    /// <summary>Adds a Redis server that runs as a process. Requires an installed Redis 7 or later, or Valkey.</summary>
    /// <param name="builder">The distributed application.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="password">
    /// The password, without commas, which would end it in a connection string. If omitted, one is generated and kept in the user secrets.
    /// </param>
    public static IResourceBuilder<RedisExecutableResource> AddRedisExecutable(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<ParameterResource>? password = null)
    {
        var secret = password?.Resource
            ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false);
        var connectionString = "";
        builder.Services.AddHealthChecks().AddRedis(_ => connectionString, name: $"{name}_check");
        PatientCheck.Use(builder.Services, $"{name}_check");
        return builder.AddServer(new RedisExecutableResource(name, secret), "Database")
            .OnConnectionStringAvailable(async (server, _, cancellationToken) =>
                connectionString = await server.ConnectionStringExpression.GetValueAsync(cancellationToken))
            .WithHealthCheck($"{name}_check");
    }
}
