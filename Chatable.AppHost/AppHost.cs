// The topology of Chatable: the resources, their dependencies, and their start order.
using Chatable.AppHost;
using Chatable.AppHost.Commands;

Ports.MoveDashboardIfTaken();
var builder = DistributedApplication.CreateBuilder(args);
if (!TopologySettings.TryRead(builder.Configuration, out var settings))
    return 1;

StartReport.AddTo(builder);

// PostgreSQL and Redis: containers, local programs, or existing servers (Stores.cs).
var stores = new Stores(builder, settings);
var chatdb = stores.AddPostgres("postgres", "chatdb");
var redis = stores.AddRedis("redis");

// Encrypts the access tokens' secrets. Changing it logs everyone out. A generated key is kept for later runs. When publishing, the key must
// be supplied.
const string TokenKeyName = "token-secrets-key";
var tokenKey = builder.ExecutionContext.IsPublishMode
    ? builder.AddParameter(TokenKeyName, secret: true)
    : builder.AddParameter(TokenKeyName, new GenerateParameterDefault { MinLength = 44, Special = false }, secret: true, persist: true);

// Brings the schema up to date, then ends.
var migrations = builder.AddProject<Projects.Chatable_MigrationService>("migrations")
    .WithProjectDefaults()
    .WithOwnedDatabase(chatdb);

// REST and WebSockets. Clients reach any replica through the single public port.
builder.AddProject<Projects.Chatable_ApiService>("api")
    .WithProjectDefaults()
    .WithReplicas(settings.ApiReplicas)
    .WithEndpoint("http", endpoint => endpoint.Port = builder.ExecutionContext.IsRunMode ? settings.ApiPort : null)
    .WithExternalHttpEndpoints()
    .WithUrlForEndpoint("http", url => url.DisplayText = "API")
    .WithUrlForEndpoint("http", _ => new() { Url = "/scalar", DisplayText = "API reference" })
    .WithReadiness()
    .WithStore(chatdb)
    .WithStore(redis)
    .WithEnvironment("TokenSecrets__Key", tokenKey)
    .WaitForCompletion(migrations)
    .WithApiCommands(redis.Resource);

// Takes accepted messages from the intake in Redis, commits them to PostgreSQL, and publishes them to the API servers.
builder.AddProject<Projects.Chatable_FanoutWorker>("fanout")
    .WithProjectDefaults()
    .WithReplicas(settings.FanoutReplicas)
    .WithUrlForEndpoint("http", url => (url.Url, url.DisplayText) = ("/health", "Health"))
    .WithReadiness()
    .WithStore(chatdb)
    .WithStore(redis)
    .WaitForCompletion(migrations)
    .WithDeadLetterCommand(redis.Resource);

builder.Build().Run();
return 0;
