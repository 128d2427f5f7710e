using System.Diagnostics.Metrics;
using Chatable.ApiService.Delivery;
using Chatable.Messaging.Registry;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Stores;

public sealed class UserRegistrationsTests
{
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoeverLeavesWhileRedisStallsIsTakenOutAfterwardsHoweverManyTheyAre()
    {
        await using var own = new RedisServer();
        await own.InitializeAsync();
        await using var redis = await IntakeRedis.ConnectAsync(own.ConnectionString);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var registry = new ServerRegistry(redis.Connection, Options.Create(new RegistryOptions()), TimeProvider.System);
        var server = Guid.NewGuid();
        using var registrations = new UserRegistrations(
            (users, cancellationToken) => registry.AddUsersAsync(server, users, cancellationToken),
            (users, cancellationToken) => registry.RemoveUsersAsync(server, users, cancellationToken),
            new DeliveryMetrics(services.GetRequiredService<IMeterFactory>()));
        long[] everybody = [.. Enumerable.Range(1, 20_000)];
        await Task.WhenAll(everybody.Select(user => registrations.AcquireAsync(user, Token)));
        Assert.Equal(everybody.Length, await CountAsync());

        await redis.Database.ExecuteAsync("CLIENT", "PAUSE", (long)s_stall.TotalMilliseconds, "ALL");
        using var impatient = new CancellationTokenSource(s_stall / 10);
        // Some releases are cancelled.
        await Task.WhenAny(Task.WhenAll(everybody.Select(user => registrations.ReleaseAsync(user, impatient.Token))));
        Assert.Empty(registrations.Users);

        await registrations.SettleAsync(Token);
        Assert.Equal(0, await CountAsync());

        Task<long> CountAsync() => redis.Connection.GetServers()[0].DatabaseSizeAsync();
    }
}
