using System.Diagnostics.Metrics;
using Chatable.FanoutWorker;
using Chatable.Messaging.Registry;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

/// <summary>The registrations left behind by a server that dies with many sockets.</summary>
public sealed class DeadRegistrationsTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    [Fact]
    public async Task AMessageHasTheDeadServersOfItsUsersForgotten()
    {
        var living = await World.AddServerAsync(Ann, Ben);
        await AddDeadServerAsync(World.Redis, Ann.Id, Ben.Id);
        World.StartWorker("w1");

        await World.SendAsync(Entry(Ann, Ben));

        await World.ReceiveAsync(living, 1);
        foreach (var user in (long[])[Ann.Id, Ben.Id])
        {
            await World.WaitForAsync(async () =>
                await World.Redis.Database.SetMembersAsync($"{World.Redis.Prefix}u:{{{user}}}") is [var only] && only == living.ToString("N"));
        }
    }

    [Fact]
    public async Task WhatFindsNoPlaceIsCountedAndLeftAndTheRestIsForgottenOnce()
    {
        const int More = 5_000;
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var metrics = new FanoutMetrics(meters);
        using var counted = new CounterReading(meters, "chatable.fanout.registrations_forgotten");
        long[] users = [.. Enumerable.Range(1, DeadRegistrations.Limit + More)];
        var server = await AddDeadServerAsync(World.Redis, users);
        Registration[] all = [.. users.Select(user => new Registration(user, server))];
        using var dead = new DeadRegistrations(World.Registry, metrics, NullLogger<DeadRegistrations>.Instance);

        dead.Add(all);
        Assert.Equal(More, counted.Total);
        dead.Add(all[..DeadRegistrations.Limit]);
        Assert.Equal(More, counted.Total);

        await dead.StartAsync(Token);
        await World.WaitForAsync(() => Task.FromResult(counted.Total == all.Length));
        Assert.Equal(More, await CountAsync(users));

        dead.Add(all[DeadRegistrations.Limit..]);
        await World.WaitForAsync(() => Task.FromResult(counted.Total == all.Length + More));
        Assert.Equal(0, await CountAsync(users));
        await dead.StopAsync(Token);
    }

    /// <summary>A server whose lease has expired, with users it has not removed.</summary>
    internal static async Task<Guid> AddDeadServerAsync(IntakeRedis redis, params long[] users)
    {
        var brief = new RegistryOptions { KeyPrefix = redis.Prefix, ServerLifetime = TimeSpan.FromMilliseconds(1) };
        var registry = new ServerRegistry(redis.Connection, Options.Create(brief), TimeProvider.System);
        var bootId = Guid.NewGuid();
        await registry.HeartbeatAsync(bootId, Token);
        await registry.AddUsersAsync(bootId, users, Token);
        while ((await registry.FindLiveAsync([bootId], Token)).Count > 0)
            await Task.Delay(1, Token);
        return bootId;
    }

    private async Task<long> CountAsync(long[] users) =>
        await World.Redis.Database.KeyExistsAsync(Array.ConvertAll(users, user => (RedisKey)$"{World.Redis.Prefix}u:{{{user}}}"));
}
