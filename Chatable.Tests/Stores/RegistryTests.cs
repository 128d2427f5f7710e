using Chatable.Messaging.Registry;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class RegistryTests(RedisServer server) : RedisTest(server)
{
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();

    [Fact]
    public async Task AUserIsRegisteredWithEveryServerHeIsConnectedTo()
    {
        var registry = Create();
        await JoinAsync(registry, _one, 1, 2);
        await JoinAsync(registry, _other, 2);

        Assert.Equal([_one], await ServersOfAsync(1));
        Assert.Equal(new HashSet<Guid> { _one, _other }, [.. await ServersOfAsync(2)]);
        Assert.Empty(await ServersOfAsync(3));

        await registry.RemoveUsersAsync(_one, [2], Token);
        Assert.Equal([_other], await ServersOfAsync(2));
    }

    [Fact]
    public async Task ServerThatJustStartedIsFoundDespiteAnOlderPictureOfTheLiveOnes()
    {
        var registry = Create(options => options.LiveServersAge = TimeSpan.FromHours(1));
        await JoinAsync(registry, _one);
        Assert.Equal([_one], await registry.FindLiveAsync([_one], Token));

        await JoinAsync(Create(), _other);
        Assert.Equal([_other], await registry.FindLiveAsync([_other], Token));
    }

    [Fact]
    public async Task HeartbeatTellsAServerThatItWasForgotten()
    {
        await using var own = new RedisServer();
        await own.InitializeAsync();
        await using var redis = await IntakeRedis.ConnectAsync(own.ConnectionString);
        var registry = new ServerRegistry(redis.Connection, Options.Create(new RegistryOptions()), TimeProvider.System);
        Assert.False(await registry.HeartbeatAsync(_one, Token));
        Assert.True(await registry.HeartbeatAsync(_one, Token));

        await redis.Connection.GetServers()[0].FlushAllDatabasesAsync();
        Assert.False(await registry.HeartbeatAsync(_one, Token));
        Assert.True(await registry.HeartbeatAsync(_one, Token));
    }

    [Fact]
    public async Task HeartbeatThatComesTooLateCountsAsForgotten()
    {
        var registry = Create(options => options.ServerLifetime = TimeSpan.FromMilliseconds(1));
        await registry.HeartbeatAsync(_one, Token);
        while ((await registry.FindLiveAsync([_one], Token)).Count > 0)
            await Task.Delay(1, Token);
        Assert.False(await registry.HeartbeatAsync(_one, Token));
    }

    [Fact]
    public async Task RegistrationsWithASilentServerCanBeForgotten()
    {
        var registry = Create();
        await JoinAsync(registry, _one, 1, 2);
        await JoinAndFallSilentAsync(_other, 1, 2, 3);

        await registry.ForgetAsync([new(1, _other), new(2, _other), new(3, _other), new(1, _one)], Token);

        Assert.Equal([_one], await ServersOfAsync(1));
        Assert.Equal([_one], await ServersOfAsync(2));
        Assert.False(await Redis.Database.KeyExistsAsync(KeyOf(3)));
    }

    [Fact]
    public async Task AServerThatHasComeBackSinceItWasFoundDeadIsNotForgotten()
    {
        var registry = Create();
        await JoinAndFallSilentAsync(_one, 1);
        await JoinAndFallSilentAsync(_other, 1);
        await JoinAsync(registry, _other, 1);

        await registry.ForgetAsync([new(1, _one), new(1, _other)], Token);

        Assert.Equal([_other], await ServersOfAsync(1));
    }

    [Fact]
    public async Task TenThousandRegistrationsAreForgottenInAFewCommands()
    {
        await using var own = new RedisServer();
        await own.InitializeAsync();
        await using var redis = await IntakeRedis.ConnectAsync(own.ConnectionString);
        var registry = new ServerRegistry(redis.Connection, Options.Create(new RegistryOptions()), TimeProvider.System);
        long[] users = [.. Enumerable.Range(1, 10_000)];
        await registry.AddUsersAsync(_one, users, Token);
        await registry.ForgetAsync([new(0, _one)], Token);
        var before = await CountScriptsAsync();

        await registry.ForgetAsync([.. users.Select(user => new Registration(user, _one))], Token);

        Assert.InRange(await CountScriptsAsync() - before, 1, 20);
        Assert.Equal(0, await redis.Connection.GetServers()[0].DatabaseSizeAsync());

        // cmdstat_eval and cmdstat_evalsha: "calls=12,usec=34,…"
        async Task<int> CountScriptsAsync() => (await redis.Connection.GetServers()[0].InfoAsync("commandstats"))[0]
            .Where(one => one.Key.StartsWith("cmdstat_eval", StringComparison.Ordinal))
            .Sum(one => int.Parse(one.Value.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task ServerThatLeavesIsGoneAtOnce()
    {
        var registry = Create(options => options.LiveServersAge = TimeSpan.Zero);
        await JoinAsync(registry, _one, 1);
        await registry.LeaveAsync(_one, Token);
        Assert.Empty(await registry.FindLiveAsync([_one], Token));
    }

    [Fact]
    public async Task ReaperClearsOnlyWhatHasBeenSilentForLong()
    {
        var patient = Create();
        var brief = TimeSpan.FromMilliseconds(1);
        var hasty = Create(options => (options.ServerLifetime, options.ReapAfter) = (brief, brief));
        await patient.HeartbeatAsync(_one, Token);
        await hasty.HeartbeatAsync(_other, Token);
        var discarded = new List<Guid>();
        while (await hasty.ReapAsync(Discard, Token) == 0)
            await Task.Delay(1, Token);

        Assert.Equal([_other], discarded);
        Assert.Equal(0, await hasty.ReapAsync(Discard, Token));
        Assert.Equal([_one.ToString("N")], await Redis.Database.SortedSetRangeByRankAsync($"{Redis.Prefix}servers"));

        Task Discard(Guid bootId, CancellationToken cancellationToken)
        {
            discarded.Add(bootId);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task RegistrationsOfUsersLapse()
    {
        await JoinAsync(Create(), _one, 1);
        var left = await Redis.Database.KeyTimeToLiveAsync($"{Redis.Prefix}u:{{1}}");
        Assert.InRange(left!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    private async Task<Guid[]> ServersOfAsync(long user) =>
        Array.ConvertAll(await Redis.Database.SetMembersAsync(KeyOf(user)), LiveServers.ParseBootId);

    private string KeyOf(long user) => $"{Redis.Prefix}u:{{{user}}}";

    private async Task JoinAndFallSilentAsync(Guid bootId, params long[] users)
    {
        var dying = Create(options => options.ServerLifetime = TimeSpan.FromMilliseconds(1));
        await JoinAsync(dying, bootId, users);
        while ((await dying.FindLiveAsync([bootId], Token)).Count > 0)
            await Task.Delay(1, Token);
    }

    private static async Task JoinAsync(ServerRegistry registry, Guid bootId, params long[] users)
    {
        await registry.HeartbeatAsync(bootId, Token);
        await registry.AddUsersAsync(bootId, users, Token);
    }

    private ServerRegistry Create(Action<RegistryOptions>? configure = null)
    {
        var options = new RegistryOptions { KeyPrefix = Redis.Prefix };
        configure?.Invoke(options);
        return new ServerRegistry(Redis.Connection, Options.Create(options), TimeProvider.System);
    }
}
