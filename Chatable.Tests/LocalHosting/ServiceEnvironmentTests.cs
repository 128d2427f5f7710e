using System.Text;

namespace Chatable.Tests.LocalHosting;

/// <summary>What the services find in their environment: the same as Aspire gives them.</summary>
public sealed class ServiceEnvironmentTests
{
    [Fact]
    public async Task EveryReplicaHasItsOwnPortAndIdentityAndTheSharedConnections()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chatable_AppHost>(
            ["--UseVolumes=false", "--Api:Replicas=2"], LocalTopology.Timeout);
        await using var app = await builder.BuildAsync(LocalTopology.Timeout);
        await app.StartAsync(LocalTopology.Timeout);
        List<ResourceEvent> replicas = [];
        await foreach (var e in app.ResourceNotifications.WatchAsync(LocalTopology.Timeout))
        {
            if (e.Resource.Name == "api" && e.Snapshot.State?.Text == KnownResourceStates.Running
                && replicas.TrueForAll(replica => replica.ResourceId != e.ResourceId))
                replicas.Add(e);
            if (replicas.Count == 2)
                break;
        }

        var environments = replicas.ConvertAll(EnvironmentOf);

        foreach (var (replica, environment) in replicas.Zip(environments))
        {
            Assert.Equal(await app.GetConnectionStringAsync("chatdb"), environment["ConnectionStrings__chatdb"]);
            Assert.Equal(await app.GetConnectionStringAsync("redis"), environment["ConnectionStrings__redis"]);
            Assert.Equal("api", environment["OTEL_SERVICE_NAME"]);
            Assert.Equal($"service.instance.id={replica.ResourceId["api-".Length..]}", environment["OTEL_RESOURCE_ATTRIBUTES"]);
            Assert.Equal("Development", environment["ASPNETCORE_ENVIRONMENT"]);
            Assert.Equal(44, environment["TokenSecrets__Key"].Length);
            Assert.Equal(environment["ASPNETCORE_URLS"],
                replica.Snapshot.EnvironmentVariables.Single(variable => variable.Name == "ASPNETCORE_URLS").Value);
        }

        Assert.NotEqual(environments[0]["ASPNETCORE_URLS"], environments[1]["ASPNETCORE_URLS"]);
        Assert.DoesNotContain(app.GetEndpoint("api").Port.ToString(), environments[0]["ASPNETCORE_URLS"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReferencedProjectIsFoundByServiceDiscovery()
    {
        await using var app = await LocalTopology.StartAsync(builder =>
        {
            var api = builder.AddProject<Projects.Chatable_ApiService>("api");
            builder.AddShell("client", "exec sleep 600").WithReference(api);
        });
        var client = await app.ResourceNotifications.WaitForResourceHealthyAsync("client", LocalTopology.Timeout);

        // A process that has only just been started shows its parent's environment, and none while another program takes its place.
        string? address = null;
        await Chatable.Tests.Support.Eventually.HoldsAsync(
            () => Task.FromResult(EnvironmentOf(client).TryGetValue("services__api__http__0", out address)), "the client knows of the api",
            TestContext.Current.CancellationToken);
        Assert.Equal(app.GetEndpoint("api").ToString().TrimEnd('/'), address);
    }

    // name=value, separated by zero bytes
    private static Dictionary<string, string> EnvironmentOf(ResourceEvent replica)
    {
        var processId = replica.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{processId}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
