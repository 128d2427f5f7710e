using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Topology;

/// <summary>The environment variables of the services.</summary>
public sealed class ServiceEnvironmentTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryReplicaHasItsOwnPortAndIdentityAndTheSharedConnections()
    {
        var topology = await fixture.StartedAsync();

        var replicas = await topology.InstancesOfAsync("api", Cancelled);
        var ownersDatabase = await topology.App.GetConnectionStringAsync("chatdb", Cancelled);
        var ownersRedis = (await topology.App.GetConnectionStringAsync("redis", Cancelled))!;

        Assert.Equal(3, replicas.Count);
        var environments = replicas.ToDictionary(replica => replica, replica => EnvironmentOf(topology.ProcessOf(replica)));
        foreach (var (replica, environment) in environments)
        {
            // The stores that the topology started, but not their owner's account.
            var (owners, services) = (new NpgsqlConnectionStringBuilder(ownersDatabase), new NpgsqlConnectionStringBuilder(environment["ConnectionStrings__chatdb"]));
            Assert.Equal((owners.Host, owners.Port, owners.Database, "chatable"), (services.Host, services.Port, services.Database, services.Username));
            Assert.StartsWith($"{ownersRedis.Split(',')[0]},user=chatable,password=", environment["ConnectionStrings__redis"], StringComparison.Ordinal);
            string[] ownersPasswords = [owners.Password!, ownersRedis.Split("password=")[1]];
            Assert.DoesNotContain(environment.Values, value => ownersPasswords.Any(password => value.Contains(password, StringComparison.Ordinal)));
            Assert.Equal("api", environment["OTEL_SERVICE_NAME"]);
            Assert.Equal($"service.instance.id={replica["api-".Length..]}", environment["OTEL_RESOURCE_ATTRIBUTES"]);
            Assert.Equal("Development", environment["ASPNETCORE_ENVIRONMENT"]);
            Assert.Equal(44, environment["TokenSecrets__Key"].Length);
        }

        Assert.Equal(3, environments.Values.Select(environment => environment["ASPNETCORE_URLS"]).Distinct().Count());
        Assert.Single(environments.Values.Select(environment => environment["TokenSecrets__Key"]).Distinct());
        Assert.DoesNotContain(environments.Values, environment => new Uri(environment["ASPNETCORE_URLS"]).Port == topology.Api.Port);
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("CONFIG", "GET", "*")]
    [InlineData("KEYS", "*")]
    [InlineData("DEBUG", "SLEEP", "0")]
    [InlineData("SHUTDOWN")]
    [InlineData("ACL", "LIST")]
    public async Task TheServicesMayNotDoToRedisWhatConcernsItAsAWhole(params string[] command)
    {
        var topology = await fixture.StartedAsync();
        var replica = (await topology.InstancesOfAsync("api", Cancelled)).First();
        var connection = EnvironmentOf(topology.ProcessOf(replica))["ConnectionStrings__redis"];
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{connection},allowAdmin=true");

        var refused = await Assert.ThrowsAsync<RedisServerException>(() => redis.GetDatabase().ExecuteAsync(command[0], [.. command[1..]]));

        // Redis refuses DEBUG for everyone before it checks the user.
        Assert.Matches("^(NOPERM|ERR DEBUG command not allowed)", refused.Message);
    }

    private static Dictionary<string, string> EnvironmentOf(int processId) =>
        ProcessTable.Environment(processId).Select(variable => variable.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
}
