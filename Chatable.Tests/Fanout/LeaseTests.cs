using Chatable.FanoutWorker;
using Chatable.Messaging;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Fanout;

public sealed class LeaseTests(RedisServer server) : RedisTest(server)
{
    [Fact]
    public async Task LeaseIsItsHoldersUntilHeGivesItUp()
    {
        var (one, other) = (Create(Redis, "one"), Create(Redis, "other"));
        Assert.Equal(LeaseAnswer.Held, await one.HoldAsync(3, Token));
        Assert.Equal(LeaseAnswer.Held, await one.HoldAsync(3, Token));
        Assert.Equal(LeaseAnswer.Taken, await other.HoldAsync(3, Token));
        await other.ReleaseAsync(3, Token);
        Assert.Equal(LeaseAnswer.Taken, await other.HoldAsync(3, Token));
        await one.ReleaseAsync(3, Token);
        Assert.Equal(LeaseAnswer.Held, await other.HoldAsync(3, Token));
    }

    [Fact]
    public async Task WorkersAreCountedWhileTheyLive()
    {
        var (one, other) = (Create(Redis, "one"), Create(Redis, "other"));
        var brief = Create(Redis, "brief", options => options.LeaseDuration = TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await one.HeartbeatAsync(Token));
        Assert.Equal(2, await other.HeartbeatAsync(Token));
        await brief.HeartbeatAsync(Token);
        while (await one.HeartbeatAsync(Token) > 2)
            await Task.Delay(1, Token);
        await other.LeaveAsync(Token);
        Assert.Equal(1, await one.HeartbeatAsync(Token));
    }

    [Fact]
    public async Task LeasesOfTheDeadDoNotOutliveAClockThatIsSetBack()
    {
        var (one, dead) = (Create(Redis, "one"), Create(Redis, "dead"));
        await dead.HoldAsync(3, Token);
        await dead.HeartbeatAsync(Token);
        await Redis.Database.KeyExpireAsync($"{Redis.Prefix}lease:{{3}}", TimeSpan.FromHours(1));
        var worker = Assert.Single(await Redis.Database.SortedSetRangeByRankAsync($"{Redis.Prefix}workers"));
        await Redis.Database.SortedSetIncrementAsync($"{Redis.Prefix}workers", worker, TimeSpan.FromHours(1).TotalMilliseconds);

        Assert.Equal(LeaseAnswer.Taken, await one.HoldAsync(3, Token));
        Assert.Equal(2, await one.HeartbeatAsync(Token));

        var lease = new FanoutOptions().LeaseDuration;
        Assert.True(await Redis.Database.KeyTimeToLiveAsync($"{Redis.Prefix}lease:{{3}}") <= lease);
        var ends = await Redis.Database.SortedSetRangeByRankWithScoresAsync($"{Redis.Prefix}workers");
        Assert.Equal(2, ends.Length);
        Assert.Single(ends.Select(one => one.Score).Distinct());
    }

    [Fact]
    public async Task WithoutMemoryForALeaseAFreePartitionIsReadWithoutOne()
    {
        await using var own = new RedisServer();
        await own.InitializeAsync();
        await using var redis = await IntakeRedis.ConnectAsync(own.ConnectionString);
        var (one, other) = (Create(redis, "one"), Create(redis, "other"));
        await one.HoldAsync(0, Token);
        await redis.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(LeaseAnswer.Held, await one.HoldAsync(0, Token));
        Assert.Equal(LeaseAnswer.Taken, await other.HoldAsync(0, Token));
        Assert.Equal(LeaseAnswer.OutOfMemory, await other.HoldAsync(1, Token));
        Assert.Equal(1, await other.HeartbeatAsync(Token));
    }

    private static PartitionLeases Create(IntakeRedis redis, string name, Action<FanoutOptions>? configure = null)
    {
        var options = new FanoutOptions { KeyPrefix = redis.Prefix };
        configure?.Invoke(options);
        return new PartitionLeases(redis.Connection, new ServerIdentity(name, Guid.NewGuid()), Options.Create(options));
    }
}
