using System.Collections.Concurrent;
using System.Diagnostics;
using Chatable.Tests.Support;
using StackExchange.Redis;

namespace Chatable.Tests.Api;

/// <summary>Two replicas on one database: a token that one replica ends must not be accepted by the other.</summary>
public sealed class ReplicaTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DeletedTokenIsRefusedByTheOtherReplicaLongBeforeItsCacheWouldForgetIt()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var first = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var second = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var here = new ChatClient(first.Address);
        using var there = new ChatClient(second.Address);
        var user = await here.RegisterAsync(Cancellation);
        var (ended, rotated) = (user.Token, await there.LogInAsync(user.Username, user.Password, Cancellation));
        Assert.Equal(200, (await there.GetAsync("/api/inbox", ended, Cancellation)).Status);
        Assert.Equal(200, (await there.GetAsync("/api/inbox", rotated, Cancellation)).Status);

        Assert.Equal(200, (await here.SendAsync(HttpMethod.Delete, "/api/auth_token", ended.ToJwt(), Cancellation)).Status);
        var refresh = new Dictionary<string, string> { ["refresh_token"] = rotated.RefreshToken };
        Assert.Equal(200, (await here.PostAsync("/api/auth_token/refresh", refresh, Cancellation)).Status);

        Assert.InRange(await RefusedAfterAsync(there, ended), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(await RefusedAfterAsync(there, rotated), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RefreshIsRepeatedOnAnotherReplicaUntilASuccessorIsUsedOnAny()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        using var first = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var second = await ApiProcess.StartAsync(database, redis.ConnectionString, Cancellation);
        using var here = new ChatClient(first.Address);
        using var there = new ChatClient(second.Address);
        var user = await here.RegisterAsync(Cancellation);
        var refresh = new Dictionary<string, string> { ["refresh_token"] = user.Token.RefreshToken };

        var answers = await Task.WhenAll(
            here.PostAsync("/api/auth_token/refresh", refresh, Cancellation),
            there.PostAsync("/api/auth_token/refresh", refresh, Cancellation));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        var (one, other) = (ChatToken.From(answers[0].Item), ChatToken.From(answers[1].Item));
        Assert.Equal(200, (await there.GetAsync("/api/inbox", one, Cancellation)).Status);
        Assert.Equal(200, (await here.GetAsync("/api/inbox", other, Cancellation)).Status);

        Assert.Equal(401, (await here.PostAsync("/api/auth_token/refresh", refresh, Cancellation)).Status);
        Assert.InRange(await RefusedAfterAsync(there, one), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(await RefusedAfterAsync(there, other), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task WithoutRedisADeletedTokenIsStillDeletedAndTheOtherReplicaFollows()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        await using var mortal = new RedisServer();
        await mortal.InitializeAsync();
        (string, string) lifetime = ("Auth__AccessKeyCacheLifetime", "00:00:03");
        using var first = await ApiProcess.StartAsync(database, mortal.ConnectionString, Cancellation, lifetime);
        using var second = await ApiProcess.StartAsync(database, mortal.ConnectionString, Cancellation, lifetime);
        using var here = new ChatClient(first.Address);
        using var there = new ChatClient(second.Address);
        var user = await here.RegisterAsync(Cancellation);
        await mortal.DisposeAsync();
        Assert.Equal(200, (await there.GetAsync("/api/inbox", user.Token, Cancellation)).Status);

        Assert.Equal(200, (await here.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancellation)).Status);

        Assert.Equal(401, (await here.GetAsync("/api/inbox", user.Token, Cancellation)).Status);
        Assert.InRange(await RefusedAfterAsync(there, user.Token), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task ReplicasThatStartBeforeRedisServeAndHearOfRevocationsOnceItIsThere()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        var port = ServerProcess.FreePort();
        var address = $"127.0.0.1:{port},connectTimeout=500,connectRetry=1";
        using var first = await ApiProcess.StartAsync(database, address, Cancellation);
        using var second = await ApiProcess.StartAsync(database, address, Cancellation);
        using var here = new ChatClient(first.Address);
        using var there = new ChatClient(second.Address);
        var user = await here.RegisterAsync(Cancellation);
        Assert.Equal(200, (await there.GetAsync("/api/inbox", user.Token, Cancellation)).Status);

        using var late = await ServerProcess.StartAsync(
            InstalledPrograms.FindRedis(), ["--bind", "127.0.0.1", "--port", $"{port}", "--save", ""],
            "Ready to accept connections", ServerProcess.Terminate, Cancellation);
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}");
        var server = connection.GetServer("127.0.0.1", port);
        while (await server.SubscriptionSubscriberCountAsync(RedisChannel.Literal("revoke")) < 2)
            await Task.Delay(50, Cancellation);

        // Read again to fill the cache, which the reconnection may have cleared.
        Assert.Equal(200, (await there.GetAsync("/api/inbox", user.Token, Cancellation)).Status);
        Assert.Equal(200, (await here.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancellation)).Status);
        Assert.InRange(await RefusedAfterAsync(there, user.Token), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RedisTooSlowAtTheStartIsSubscribedToOnceItAnswers()
    {
        await using var stalled = StallingProxy.Start(redis.ConnectionString, until: "slow:revoke");
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), $"{stalled.Address},asyncTimeout=500", Cancellation,
            ("Chatable__KeyPrefix", "slow:"));
        await Eventually.HoldsAsync(
            () => Task.FromResult(api.Output.Contains("Redis is not available: ", StringComparison.Ordinal)),
            "subscribing timed out and was logged", Cancellation);

        stalled.Release();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        await Eventually.HoldsAsync(
            async () => await connection.GetServers()[0].SubscriptionSubscriberCountAsync(RedisChannel.Literal("slow:revoke")) > 0,
            "the API subscribed", Cancellation);
        using var client = new ChatClient(api.Address);
        await client.RegisterAsync(Cancellation);
    }

    [Fact]
    public async Task DeploymentsThatShareARedisDoNotHearOfEachOthersTokens()
    {
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            ("Chatable__KeyPrefix", "blue:"));
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var heard = new ConcurrentQueue<string>();
        await connection.GetSubscriber().SubscribeAsync(
            RedisChannel.Pattern("*revoke"), (channel, payload) => heard.Enqueue($"{channel} {payload}"));
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        await client.SendAsync(HttpMethod.Delete, "/api/auth_token", user.Token.ToJwt(), Cancellation);

        await Eventually.HoldsAsync(
            () => Task.FromResult(heard.Any(notice => notice.EndsWith(user.Token.AccessKeyId, StringComparison.Ordinal))),
            "the revocation was announced", Cancellation);
        var its = Assert.Single(heard, notice => notice.EndsWith(user.Token.AccessKeyId, StringComparison.Ordinal));
        Assert.StartsWith("blue:revoke ", its, StringComparison.Ordinal);
    }

    private static async Task<TimeSpan> RefusedAfterAsync(ChatClient client, ChatToken token)
    {
        var watch = Stopwatch.StartNew();
        while ((await client.GetAsync("/api/inbox", token, Cancellation)).Status != 401)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), "The token is still accepted.");
            await Task.Delay(20, Cancellation);
        }

        return watch.Elapsed;
    }
}
