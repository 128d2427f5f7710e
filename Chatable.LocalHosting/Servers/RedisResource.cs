using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>A Redis server.</summary>
public sealed class RedisResource(string name, string? configuredConnectionString, ParameterResource password)
    : ServerResource(name, configuredConnectionString, password)
{
    internal TimeSpan? SnapshotInterval { get; set; }

    internal long SnapshotThreshold { get; set; } = 1;

    public override async ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConfiguredConnectionString ??
        $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)},password={await Password.GetValueAsync(cancellationToken)}";
}

public static class RedisBuilderExtensions
{
    /// <summary>Adds a Redis server, unless <c>ConnectionStrings:{name}</c> names one that is already there.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder, string name, int? port = null, IResourceBuilder<ParameterResource>? password = null)
    {
        // A comma or an equals sign would end the password inside a Redis connection string; none of them is ever generated.
        var secret = password?.Resource ?? builder.CreateParameter(
            $"{name}-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
        var configured = builder.Configuration[$"ConnectionStrings:{name}"];
        return builder.AddResource(new RedisResource(name, configured, secret) { Port = port ?? 0 })
            .WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
    }

    /// <summary>Keeps the data between runs, in a folder named for the volume.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null) =>
        builder.WithAnnotation(new DataVolumeAnnotation(name ?? $"{builder.Resource.Name}-data"));

    /// <summary>
    /// Writes a snapshot every <paramref name="interval"/> (60 s unless given) in which at least <paramref name="keysChangedThreshold"/>
    /// keys changed. The append-only file is on in any case: the intake queue lives in Redis.
    /// </summary>
    public static IResourceBuilder<RedisResource> WithPersistence(
        this IResourceBuilder<RedisResource> builder, TimeSpan? interval = null, long keysChangedThreshold = 1)
    {
        builder.Resource.SnapshotInterval = interval ?? TimeSpan.FromSeconds(60);
        builder.Resource.SnapshotThreshold = keysChangedThreshold;
        return builder;
    }

    /// <summary>Redis speaks plain TCP on the loopback address here in any case; Aspire would use the developer certificate.</summary>
    public static IResourceBuilder<RedisResource> WithoutHttpsCertificate(this IResourceBuilder<RedisResource> builder) => builder;
}
