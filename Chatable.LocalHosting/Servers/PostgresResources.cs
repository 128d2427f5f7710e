using System.Data.Common;

namespace Chatable.LocalHosting;

/// <summary>A PostgreSQL server.</summary>
public sealed class PostgresServerResource(string name, string? configuredConnectionString, ParameterResource password)
    : ServerResource(name, configuredConnectionString, password)
{
    internal const string UserName = "postgres";

    internal List<PostgresDatabaseResource> Databases { get; } = [];

    /// <summary>Nothing of ours to run: the server, or each of its databases, is somebody else's.</summary>
    internal bool IsExternal =>
        ConfiguredConnectionString is not null || (Databases.Count > 0 && Databases.TrueForAll(database => database.IsExternal));

    public override async ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        ConfiguredConnectionString ?? new DbConnectionStringBuilder
        {
            ["Host"] = Host,
            ["Port"] = Port,
            ["Username"] = UserName,
            ["Password"] = await Password.GetValueAsync(cancellationToken),
        }.ConnectionString;
}

/// <summary>A database on a <see cref="PostgresServerResource"/>, created where it is missing.</summary>
public sealed class PostgresDatabaseResource(
    string name, string databaseName, PostgresServerResource parent, string? configuredConnectionString)
    : Resource(name), IResourceWithConnectionString
{
    public string DatabaseName { get; } = databaseName;

    public PostgresServerResource Parent { get; } = parent;

    internal bool IsExternal => configuredConnectionString is not null || Parent.ConfiguredConnectionString is not null;

    public async ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default)
    {
        if (configuredConnectionString is not null)
            return configuredConnectionString;
        var server = await Parent.GetConnectionStringAsync(cancellationToken);
        return new DbConnectionStringBuilder { ConnectionString = server, ["Database"] = DatabaseName }.ConnectionString;
    }
}

public static class PostgresBuilderExtensions
{
    /// <summary>Adds a PostgreSQL server, unless <c>ConnectionStrings:{name}</c> names one that is already there.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        if (userName is not null)
            throw new NotSupportedException($"The local engine always uses the user '{PostgresServerResource.UserName}'.");
        var secret = password?.Resource ??
            builder.CreateParameter($"{name}-password", new GenerateParameterDefault(), secret: true, persist: true);
        var configured = builder.Configuration[$"ConnectionStrings:{name}"];
        return builder.AddResource(new PostgresServerResource(name, configured, secret) { Port = port ?? 0 })
            .WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
    }

    /// <summary>Keeps the data between runs, in a folder named for the volume.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder, string? name = null) =>
        builder.WithAnnotation(new DataVolumeAnnotation(name ?? $"{builder.Resource.Name}-data"));

    /// <summary>Adds a database, unless <c>ConnectionStrings:{name}</c> names one that is already there.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var configured = builder.ApplicationBuilder.Configuration[$"ConnectionStrings:{name}"];
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource, configured);
        builder.Resource.Databases.Add(database);
        return builder.ApplicationBuilder.AddResource(database).WithAnnotation(new HealthCheckAnnotation($"{name}_check"));
    }
}
