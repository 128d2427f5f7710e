namespace Chatable.Tests.LocalHosting;

/// <summary>Replicas of a project behind their public endpoint.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task ClientsAreServedWhileOneReplicaIsDown()
    {
        await using var app = await LocalTopology.StartAsync(AddTwoWorkers);
        var replicas = await ReplicasAsync(app, "web");
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });
        foreach (var replica in replicas)
            await WaitUntilAnsweringAsync(http, OwnUrl(replica));

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(replicas[0].ResourceId, KnownResourceCommands.StopCommand)).Success);

        for (var request = 0; request < 4; request++)
            using (await http.GetAsync(app.GetEndpoint("web"), LocalTopology.Timeout))
            {
            }

        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(OwnUrl(replicas[0]), LocalTopology.Timeout));
    }

    [Fact]
    public async Task ACommandByNameNeedsAResourceWithOneReplica()
    {
        await using var app = await LocalTopology.StartAsync(AddTwoWorkers);
        await ReplicasAsync(app, "web");

        Assert.False((await app.ResourceCommands.ExecuteCommandAsync("web", KnownResourceCommands.StopCommand)).Success);
        Assert.False(app.ResourceNotifications.TryGetCurrentState("web", out _));
    }

    private static void AddTwoWorkers(IDistributedApplicationBuilder builder)
    {
        var redis = builder.AddRedis("redis");
        var chatdb = builder.AddPostgres("postgres").AddDatabase("chatdb");
        builder.AddProject<Projects.Chatable_FanoutWorker>("web").WithReplicas(2)
            .WithReference(redis).WaitFor(redis).WithReference(chatdb).WaitFor(chatdb);
    }

    private static async Task<List<ResourceEvent>> ReplicasAsync(DistributedApplication app, string name)
    {
        Dictionary<string, ResourceEvent> replicas = [];
        await app.ResourceNotifications.WaitForResourceAsync(
            name,
            e =>
            {
                if (e.Snapshot.State?.Text == KnownResourceStates.Running)
                    replicas[e.ResourceId] = e;
                return replicas.Count == e.Resource.GetReplicaCount();
            },
            LocalTopology.Timeout);
        return [.. replicas.Values];
    }

    private static Uri OwnUrl(ResourceEvent replica) =>
        new(replica.Snapshot.EnvironmentVariables.Single(variable => variable.Name == "ASPNETCORE_URLS").Value!);

    private static async Task WaitUntilAnsweringAsync(HttpClient http, Uri url)
    {
        var timeout = LocalTopology.Timeout;
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(url, timeout);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, timeout);
            }
        }
    }
}
