using Chatable.ApiService.Delivery;
using Chatable.Messaging.Registry;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class WorkerWatchTests(RedisServer redis)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkersAreMissingWhenNoneWasSeenForAsLongAsIsBorne()
    {
        var prefix = $"{Guid.NewGuid():N}:";
        var clock = new FakeTimeProvider();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        using var gauge = new CounterReading(meters, "chatable.workers.live");
        using var watch = new WorkerWatch(
            new LiveWorkers(connection, Options.Create(new RegistryOptions { KeyPrefix = prefix })), Options.Create(new WorkersOptions()),
            new DeliveryMetrics(meters), clock, NullLogger<WorkerWatch>.Instance);

        await watch.LookAsync(Cancelled);
        Assert.False(watch.AreMissing);
        clock.Advance(TimeSpan.FromSeconds(3));
        await watch.LookAsync(Cancelled);
        Assert.True(watch.AreMissing);

        // An expired worker does not count; a live one does.
        var workers = connection.GetDatabase();
        await workers.SortedSetAddAsync($"{prefix}workers", "dead", 1);
        await watch.LookAsync(Cancelled);
        Assert.True(watch.AreMissing);
        Assert.Equal(0, gauge.Total);
        await workers.SortedSetAddAsync($"{prefix}workers", "alive", DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds());
        await watch.LookAsync(Cancelled);
        Assert.False(watch.AreMissing);
        Assert.Equal(1, gauge.Total);

        // If Redis does not answer, nothing is known about the workers.
        clock.Advance(TimeSpan.FromSeconds(30));
        await connection.CloseAsync();
        await watch.LookAsync(Cancelled);
        Assert.False(watch.AreMissing);
    }
}
