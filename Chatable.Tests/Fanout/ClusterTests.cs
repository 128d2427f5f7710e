using Chatable.Messaging.Intake;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

/// <summary>Redis as a cluster, where a command may only name keys of one hash slot.</summary>
public sealed class ClusterTests(PostgresServer postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MessagesOfManyPartitionsComeThroughACluster()
    {
        await using var redis = new RedisServer { MoreSettings = ["--cluster-enabled", "yes"] };
        await redis.InitializeAsync();
        await using (var admin = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString + ",allowAdmin=true"))
        {
            await admin.GetServers()[0].ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
            await Eventually.HoldsAsync(
                async () => (await admin.GetServers()[0].ExecuteAsync("CLUSTER", "INFO")).ToString()
                    .Contains("cluster_state:ok", StringComparison.Ordinal),
                "the cluster is well", Token);
        }

        await using var world = await FanoutWorld.CreateAsync(postgres, redis);
        Assert.Equal(ServerType.Cluster, world.Redis.Connection.GetServers()[0].ServerType);
        var users = await world.Database.AddUsersAsync(40);
        var server = await world.AddServerAsync(users);
        await DeadRegistrationsTests.AddDeadServerAsync(world.Redis, [.. users.Select(user => user.Id)]);
        var worker = world.StartWorker("w1");

        IntakeEntry[] entries = [.. users.Chunk(2).Select(pair => Entry(pair[0], pair[1]))];
        var outcomes = await world.Log.AppendAsync(
            [.. entries.Select(entry => new IntakeAppend(world.PartitionOf(entry), [entry.Encode()]))], Token);
        Assert.All(outcomes, outcome => Assert.Equal(AcceptOutcome.Accepted, outcome));
        Assert.Equal(
            entries.Select(entry => entry.MessageId).Order(),
            (await world.ReceiveAsync(server, entries.Length)).Cast<MessageStored>().Select(stored => stored.Message.MessageId).Order());

        // One more after all has been quiet.
        await world.WaitForAsync(async () => await world.IntakeLengthAsync() == 0);
        await world.SendAsync(Entry(users[0], users[1]));
        await world.ReceiveAsync(server, entries.Length + 1);
        await MessagesInvariants.AssertAsync(world.Database);

        // A server that died, of which each user's message tells.
        await world.WaitForAsync(async () =>
        {
            var registered = await Task.WhenAll(
                users.Select(user => world.Redis.Database.SetMembersAsync($"{world.Redis.Prefix}u:{{{user.Id}}}")));
            return registered.All(servers => servers is [var only] && only == server.ToString("N"));
        });
        Assert.DoesNotContain("goes on alone", worker.Output, StringComparison.Ordinal);
    }
}
