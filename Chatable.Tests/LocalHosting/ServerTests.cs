using System.Globalization;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.LocalHosting;

/// <summary>PostgreSQL and Redis as child processes.</summary>
public sealed class ServerTests
{
    [Fact]
    public async Task TwoRunsKeepTheDataOfTheirVolumes()
    {
        using var folder = new TestFolder();
        string[] args = [$"--LocalHosting:Volumes={folder.Path}", "--Parameters:postgres-password=between;the'runs"];
        static void Declare(IDistributedApplicationBuilder builder)
        {
            builder.AddPostgres("postgres").WithDataVolume("pg").AddDatabase("chatdb");
            builder.AddRedis("redis").WithDataVolume("cache").WithPersistence();
        }

        await using (var first = await LocalTopology.StartAsync(Declare, args))
        {
            await ExecuteAsync(first, "CREATE TABLE kept AS SELECT 42 AS value");
            using var redis = await ConnectAsync(first);
            await redis.GetDatabase().StringSetAsync("kept", "still here");
        }

        await using var second = await LocalTopology.StartAsync(Declare, args);
        using var again = await ConnectAsync(second);
        Assert.Equal(42, await ExecuteAsync(second, "SELECT value FROM kept"));
        Assert.Equal("still here", (string?)await again.GetDatabase().StringGetAsync("kept"));
    }

    [Fact]
    public async Task AVolumeInUseIsRefusedWithTheProcessThatHoldsIt()
    {
        using var folder = new TestFolder();
        var volumes = $"--LocalHosting:Volumes={folder.Path}";
        static void Declare(IDistributedApplicationBuilder builder) => builder.AddRedis("redis").WithDataVolume("cache");
        await using var first = await LocalTopology.StartAsync(Declare, volumes);
        await first.ResourceNotifications.WaitForResourceHealthyAsync("redis", LocalTopology.Timeout);

        await using var second = await LocalTopology.StartAsync(Declare, volumes);
        var refused = await second.WaitForEndAsync("redis");

        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture,
                $"The volume 'cache' is in use by another running topology (process {Environment.ProcessId}): stop that one first."),
            refused.Snapshot.Reason);
    }

    [Fact]
    public async Task AVolumeThatCannotBeLockedForAnotherReasonIsNotSaidToBeInUse()
    {
        using var folder = new TestFolder();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "cache.lock"), Path.Combine(folder.Path, "cache.lock"));

        await using var app = await LocalTopology.StartAsync(
            builder => builder.AddRedis("redis").WithDataVolume("cache"), $"--LocalHosting:Volumes={folder.Path}");
        var refused = await app.WaitForEndAsync("redis");

        Assert.StartsWith("The data folder of 'redis' cannot be made: ", refused.Snapshot.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostgresRepeatsNoRowsAndNoStatementsInItsLog()
    {
        using var logs = new TestFolder();
        await using (var app = await LocalTopology.StartAsync(
            builder => builder.AddPostgres("postgres").AddDatabase("chatdb"), $"--logs={logs.Path}"))
        {
            await ExecuteAsync(app, "CREATE TABLE messages (body text CHECK (length(body) < 5))");
            await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(app, "INSERT INTO messages VALUES ('between you and me')"));
        }

        var log = await File.ReadAllTextAsync(Directory.GetFiles(logs.Path, "postgres-*.log").Single());
        Assert.Contains("violates check constraint", log, StringComparison.Ordinal);
        Assert.DoesNotContain("between you and me", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoTopologiesSideBySideDoNotDisturbEachOther()
    {
        static void Declare(IDistributedApplicationBuilder builder) => builder.AddRedis("redis");
        await using var first = await LocalTopology.StartAsync(Declare);
        await using var second = await LocalTopology.StartAsync(Declare);
        using var firstRedis = await ConnectAsync(first);
        using var secondRedis = await ConnectAsync(second);

        await firstRedis.GetDatabase().StringSetAsync("key", "first");

        Assert.False(await secondRedis.GetDatabase().KeyExistsAsync("key"));
        Assert.NotEqual(await first.GetConnectionStringAsync("redis"), await second.GetConnectionStringAsync("redis"));
    }

    [Fact]
    public async Task ARestartedServerHasItsDataAndItsAddress()
    {
        await using var app = await LocalTopology.StartAsync(builder => builder.AddRedis("redis"));
        using var redis = await ConnectAsync(app);
        await redis.GetDatabase().StringSetAsync("key", "value");
        var before = app.ProcessIdOf("redis");

        await app.ResourceCommands.ExecuteCommandAsync("redis", KnownResourceCommands.RestartCommand);
        using var again = await ConnectAsync(app);

        Assert.NotEqual(before, app.ProcessIdOf("redis"));
        Assert.Equal("value", (string?)await again.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task RedisNeverEvictsAndPostgresWritesThrough()
    {
        await using var app = await LocalTopology.StartAsync(builder =>
        {
            builder.AddRedis("redis");
            builder.AddPostgres("postgres").AddDatabase("chatdb");
        });
        using var redis = await ConnectAsync(app);

        var info = await redis.GetServers()[0].InfoRawAsync();

        Assert.Contains("maxmemory_policy:noeviction", info, StringComparison.Ordinal);
        Assert.Contains("aof_enabled:1", info, StringComparison.Ordinal);
        Assert.Equal("on", await ExecuteAsync(app, "SELECT current_setting('fsync')"));
    }

    [Fact]
    public async Task NothingOfATemporaryTopologyStays()
    {
        var app = await LocalTopology.StartAsync(builder =>
        {
            builder.AddRedis("redis");
            builder.AddPostgres("postgres").AddDatabase("chatdb");
        });
        await ExecuteAsync(app, "SELECT 1");
        using (await ConnectAsync(app))
        {
        }

        int[] processes = [app.ProcessIdOf("redis"), app.ProcessIdOf("postgres")];
        var folders = processes.Select(id => File.ResolveLinkTarget($"/proc/{id}/cwd", returnFinalTarget: true)!.FullName).ToList();
        Assert.All(folders, folder => Assert.True(Directory.Exists(folder)));

        await app.DisposeAsync();

        Assert.All(processes, id => Assert.False(ChildProcess.IsAlive(id)));
        Assert.All(folders, folder => Assert.False(Directory.Exists(folder)));
    }

    [Fact]
    public async Task PasswordsAreOnNoCommandLine()
    {
        await using var app = await LocalTopology.StartAsync(
            builder =>
            {
                builder.AddRedis("redis");
                builder.AddPostgres("postgres").AddDatabase("chatdb");
            },
            "--Parameters:redis-password=secretforredis", "--Parameters:postgres-password=secretforpostgres");
        await ExecuteAsync(app, "SELECT 1");

        foreach (var name in new[] { "redis", "postgres" })
            Assert.DoesNotContain(
                "secretfor", await File.ReadAllTextAsync($"/proc/{app.ProcessIdOf(name)}/cmdline"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AConfiguredConnectionStringReplacesTheServer()
    {
        await using var app = await LocalTopology.StartAsync(
            builder => builder.AddRedis("redis"), "--ConnectionStrings:redis=elsewhere:6379");

        await app.ResourceNotifications.WaitForResourceHealthyAsync("redis", LocalTopology.Timeout);

        Assert.Equal("elsewhere:6379", await app.GetConnectionStringAsync("redis"));
        Assert.Throws<InvalidOperationException>(() => app.ProcessIdOf("redis"));
    }

    private static async Task<object?> ExecuteAsync(DistributedApplication app, string sql)
    {
        await app.ResourceNotifications.WaitForResourceHealthyAsync("chatdb", LocalTopology.Timeout);
        await using var connection = new NpgsqlConnection($"{await app.GetConnectionStringAsync("chatdb")};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<ConnectionMultiplexer> ConnectAsync(DistributedApplication app)
    {
        await app.ResourceNotifications.WaitForResourceHealthyAsync("redis", LocalTopology.Timeout);
        return await ConnectionMultiplexer.ConnectAsync($"{await app.GetConnectionStringAsync("redis")},allowAdmin=true");
    }
}
