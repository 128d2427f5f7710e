using Chatable.Messaging;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Delivery;

/// <summary>Redis loses data while clients are connected; stored messages still reach them.</summary>
public class RepairTests(RepairTests.Servers servers) : IClassFixture<RepairTests.Servers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public sealed class Servers(PostgresServer postgres) : ChatServers(postgres)
    {
        protected override (string, string)[] Settings =>
            [("Realtime__Delivery__ReconcileInterval", "00:00:01"), ("Realtime__Delivery__ReconcilePatience", "00:00:00.5")];
    }

    [Fact]
    public async Task AMessageThatWasStoredButNeverPushedIsFoundByComparingWithTheHead()
    {
        var (bob, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        await bobs.SendAsync(alice, "first", _ct);
        await alices.ReceiveAsync(_ct);

        // Removes Alice from the registry, so nothing is routed to her.
        var user = await UserIdAsync(alice);
        await servers.Redis.GetDatabase().KeyDeleteAsync($"u:{{{user}}}");
        await bobs.SendAsync(alice, "second", _ct);
        await bobs.SendAsync(alice, "third", _ct);

        Assert.Equal("second", (await alices.ReceiveAsync(_ct)).Text("message"));
        Assert.Equal("third", (await alices.ReceiveAsync(_ct)).Text("message"));
        Assert.NotEqual(bob.Username, alice.Username);
    }

    [Fact]
    public async Task AfterRedisLostEverythingTheServersRegisterAgainAndPushesGoOn()
    {
        var (_, bobs) = await servers.JoinAsync(servers.A, _ct);
        var (alice, alices) = await servers.JoinAsync(servers.B, _ct);
        var user = await UserIdAsync(alice);

        await servers.Redis.GetServers().Single().FlushAllDatabasesAsync();
        while (!await servers.Redis.GetDatabase().KeyExistsAsync($"u:{{{user}}}"))
            await Task.Delay(50, _ct);
        await bobs.SendAsync(alice, "still here", _ct);

        Assert.Equal("still here", (await alices.ReceiveAsync(_ct)).Text("message"));
        await servers.AssertStillDeliversAsync(_ct);
    }

    [Fact]
    public async Task AfterALostConnectionToRedisARefusalIsNotSaidAgain()
    {
        var server = await servers.StartApiAsync(_ct);
        var (user, socket) = await servers.JoinAsync(server.Address, _ct);
        var registration = $"u:{{{await UserIdAsync(user)}}}";
        var boot = Guid.Parse(Assert.Single(await servers.Redis.GetDatabase().SetMembersAsync(registration)).ToString());
        await RefuseAsync(boot, RefusalCode.Invalid);
        Assert.Equal(400, (await socket.ReceiveAsync(_ct)).ErrorCode());

        await servers.Redis.GetDatabase().KeyDeleteAsync(registration);
        await servers.Redis.GetServers().Single().ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await Eventually.HoldsAsync(
            () => servers.Redis.GetDatabase().KeyExistsAsync(registration), "the server noticed the loss and registered again", _ct);
        await RefuseAsync(boot, RefusalCode.OutOfOrder);

        Assert.Equal(503, (await socket.ReceiveAsync(_ct)).ErrorCode());
    }

    // As the worker does. The first connection of a process has number 1.
    private async Task RefuseAsync(Guid boot, RefusalCode code)
    {
        var queue = new ServerQueue(servers.Redis, Options.Create(new ServerQueueOptions()));
        var batch = DispatchBatch.Encode([new CommandRefused(ClientId.New(), code, new Origin(boot, 1))]);
        Assert.Equal(QueueAppend.Appended, await queue.InsistAsync(new(boot, batch), _ct));
    }

    private async Task<long> UserIdAsync(ChatUser user)
    {
        await using var command = servers.Database.CreateCommand("SELECT id FROM users WHERE username = $1");
        command.Parameters.AddWithValue(user.Username);
        return (long)(await command.ExecuteScalarAsync(_ct))!;
    }
}
