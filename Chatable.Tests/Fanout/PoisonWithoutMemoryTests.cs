using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

/// <summary>Entries that can never be stored, in a Redis without free memory.</summary>
public sealed class PoisonWithoutMemoryTests(PostgresServer postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItsPartitionGoesOnAndItsAuthorIsTold()
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        await using var world = await FanoutWorld.CreateAsync(postgres, redis);
        var users = await world.Database.AddUsersAsync(2);
        var origin = await world.AddServerAsync(users[1]);
        var good = Entry(users[0], users[1], "good");
        var invalid = Entry(users[0], users[1], "invalid") with { Body = new byte[] { 0xC0, 0x80 }, Origin = new Origin(origin, 7) };
        await world.Log.AppendAsync(world.PartitionOf(good), [new byte[] { 1, 2, 3 }, invalid.Encode(), good.Encode()], Token);
        // Written before memory runs out, so that the worker can start.
        await world.Log.EnsurePartitionsAsync(Token);
        await world.Redis.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        world.StartWorker("w1");

        await world.WaitForAsync(async () => await world.Database.CountMessagesAsync() == 1);
        var letters = await world.DeadLettersAsync(world.PartitionOf(good));
        Assert.Equal(["undecodable", "22021"], letters.Select(letter => letter["error"].ToString()));
        var refused = Assert.IsType<CommandRefused>(Assert.Single(await world.ReceiveAsync(origin, 1)));
        Assert.Equal(("invalid", RefusalCode.Invalid, 7), (refused.CommandId.Text, refused.Code, refused.Origin.ConnectionId));
        await world.WaitForAsync(async () => await world.IntakeLengthAsync() == 0);
        await MessagesInvariants.AssertAsync(world.Database);
    }
}
