using Chatable.Tests.Support;

namespace Chatable.Tests.Topology;

/// <summary>What the services find in their environment.</summary>
public sealed class ServiceEnvironmentTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryReplicaHasItsOwnPortAndIdentityAndTheSharedConnections()
    {
        var topology = await fixture.StartedAsync();

        var replicas = await topology.InstancesOfAsync("api", Cancelled);

        Assert.Equal(3, replicas.Count);
        var environments = replicas.ToDictionary(replica => replica, replica => EnvironmentOf(topology.ProcessOf(replica)));
        foreach (var (replica, environment) in environments)
        {
            Assert.Equal(await topology.App.GetConnectionStringAsync("chatdb", Cancelled), environment["ConnectionStrings__chatdb"]);
            Assert.Equal(await topology.App.GetConnectionStringAsync("redis", Cancelled), environment["ConnectionStrings__redis"]);
            Assert.Equal("api", environment["OTEL_SERVICE_NAME"]);
            Assert.Equal($"service.instance.id={replica["api-".Length..]}", environment["OTEL_RESOURCE_ATTRIBUTES"]);
            Assert.Equal("Development", environment["ASPNETCORE_ENVIRONMENT"]);
            Assert.Equal(44, environment["TokenSecrets__Key"].Length);
        }

        Assert.Equal(3, environments.Values.Select(environment => environment["ASPNETCORE_URLS"]).Distinct().Count());
        Assert.Single(environments.Values.Select(environment => environment["TokenSecrets__Key"]).Distinct());
        Assert.DoesNotContain(environments.Values, environment => new Uri(environment["ASPNETCORE_URLS"]).Port == topology.Api.Port);
    }

    private static Dictionary<string, string> EnvironmentOf(int processId) =>
        ProcessTable.Environment(processId).Select(variable => variable.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
}
