// The topology of Chatable: what runs, what each needs, and in which order it starts.
using Chatable.AppHost;
using Chatable.AppHost.Commands;

Ports.MoveDashboardIfTaken();
var builder = DistributedApplication.CreateBuilder(args);
if (!TopologySettings.TryRead(builder.Configuration, out var settings))
    return 1;

StartReport.AddTo(builder);

// PostgreSQL and Redis: containers, programs of this machine, or servers that are already there (Stores.cs).
var stores = new Stores(builder, settings);
var chatdb = stores.AddPostgres("postgres", "chatdb");
var redis = stores.AddRedis("redis");

// The access tokens' secrets are encrypted with it: whoever changes it logs everybody out. A generated one is kept for the next run,
// but not for the next publishing, where it must be given.
const string TokenKeyName = "token-secrets-key";
var tokenKey = builder.ExecutionContext.IsPublishMode
    ? builder.AddParameter(TokenKeyName, secret: true)
    : builder.AddParameter(TokenKeyName, new GenerateParameterDefault { MinLength = 44, Special = false }, secret: true, persist: true);

// Brings the schema up to date, then ends.
var migrations = builder.AddProject<Projects.Chatable_MigrationService>("migrations")
    .WithProjectDefaults()
    .WithOwnedDatabase(chatdb);

// REST and WebSockets. Clients reach any replica by the one public port.
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

// Takes accepted messages from the intake in Redis, commits them to PostgreSQL and routes them to the API servers.
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
