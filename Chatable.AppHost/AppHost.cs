// The topology of Chatable. With UseAspire=true it is Aspire that runs and publishes it; otherwise Chatable.LocalHosting runs it as
// plain processes. The services cannot tell the difference.
var builder = DistributedApplication.CreateBuilder(args);

List<string> errors = [];
var settings = TopologySettings.Read(builder.Configuration, errors);
if (errors.Count > 0)
{
    errors.ForEach(Console.Error.WriteLine);
    return 1;
}

// The stores: servers of our own where the topology runs, Azure's where it is published.
IResourceBuilder<IResourceWithConnectionString>? chatdb = null, redis = null;
AddManagedStores(builder, ref chatdb, ref redis);
chatdb ??= AddPostgres();
redis ??= AddRedis();

// The access tokens' secrets are encrypted with it: whoever changes it logs everybody out. A generated one is kept for the next run,
// but not for the next publishing, where it must be given.
const string TokenKeyName = "token-secrets-key";
var tokenKey = builder.ExecutionContext.IsPublishMode
    ? builder.AddParameter(TokenKeyName, secret: true)
    : builder.AddParameter(TokenKeyName, new GenerateParameterDefault { MinLength = 44, Special = false }, secret: true, persist: true);

// Brings the schema up to date, then ends.
var migrations = builder.AddProject<Projects.Chatable_MigrationService>("migrations")
    .WithReference(chatdb).WaitFor(chatdb);

// REST and WebSockets. Clients reach any replica by the one public port.
var api = builder.AddProject<Projects.Chatable_ApiService>("api")
    .WithReplicas(settings.ApiReplicas)
    .WithEndpoint("http", endpoint => endpoint.Port = builder.ExecutionContext.IsRunMode ? settings.ApiPort : null)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health")
    .WithReference(chatdb).WaitFor(chatdb)
    .WithReference(redis).WaitFor(redis)
    .WithEnvironment("TokenSecrets__Key", tokenKey)
    .WaitForCompletion(migrations);

// Takes accepted messages from the intake in Redis, commits them to PostgreSQL and routes them to the API servers.
var fanout = builder.AddProject<Projects.Chatable_FanoutWorker>("fanout")
    .WithReplicas(settings.FanoutReplicas)
    .WithHttpHealthCheck("/health")
    .WithReference(chatdb).WaitFor(chatdb)
    .WithReference(redis).WaitFor(redis)
    .WaitForCompletion(migrations);

ConfigurePublishing(builder, migrations, api, fanout);

builder.Build().Run();
return Environment.ExitCode;

IResourceBuilder<IResourceWithConnectionString> AddPostgres()
{
    var postgres = builder.AddPostgres("postgres");
    if (settings.UseVolumes)
        postgres.WithDataVolume("chatable-postgres");
    return postgres.AddDatabase("chatdb");
}

IResourceBuilder<IResourceWithConnectionString> AddRedis()
{
#pragma warning disable ASPIRECERTIFICATES001 // Plain TCP with both engines, whether this machine has a developer certificate or not.
    var server = builder.AddRedis("redis").WithoutHttpsCertificate();
#pragma warning restore ASPIRECERTIFICATES001
    if (settings.UseVolumes)
        server.WithDataVolume("chatable-redis").WithPersistence();
    KeepAppends(server);
    return server;
}

/// <summary>The parts that only Aspire can do, in AppHost.Publish.cs; without Aspire the calls vanish.</summary>
internal partial class Program
{
    static partial void AddManagedStores(
        IDistributedApplicationBuilder builder,
        ref IResourceBuilder<IResourceWithConnectionString>? chatdb,
        ref IResourceBuilder<IResourceWithConnectionString>? redis);

    /// <summary>The append-only file, which the local engine's Redis always has.</summary>
    static partial void KeepAppends(IResourceBuilder<RedisResource> redis);

    static partial void ConfigurePublishing(
        IDistributedApplicationBuilder builder,
        IResourceBuilder<ProjectResource> migrations,
        IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ProjectResource> fanout);
}
