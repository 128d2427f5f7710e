using Chatable.Bench.Subjects;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Bench.Sessions;

/// <summary>
/// API servers that are not there: each lives, by the registry, and has a second device of some of the users, so that messages are put into
/// its queue. These are emptied, as servers do once they have read.
/// </summary>
internal sealed class SimulatedServers : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private readonly ConnectionMultiplexer _redis;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Guid> _bootIds = [];
    private Task _emptying = Task.CompletedTask;

    private SimulatedServers(ConnectionMultiplexer redis) => _redis = redis;

    /// <param name="subject">Has these servers beside its own.</param>
    /// <param name="users">So many users have their second devices divided among these servers.</param>
    /// <param name="servers">All servers, the subject's own included.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SimulatedServers> StartAsync(
        ChatableSubject subject, int users, int servers, CancellationToken cancellationToken)
    {
        var simulated = new SimulatedServers(await ConnectionMultiplexer.ConnectAsync(subject.RedisConnection));
        var lasting = new RegistryOptions { ServerLifetime = TimeSpan.FromDays(1) };
        var registry = new ServerRegistry(simulated._redis, new OptionsWrapper<RegistryOptions>(lasting), TimeProvider.System);
        var count = servers - subject.Replicas;
        for (var server = 0; server < count; server++)
        {
            var bootId = Guid.NewGuid();
            await registry.HeartbeatAsync(bootId, cancellationToken);
            var some = Enumerable.Range(0, users).Where(user => user % count == server);
            await registry.AddUsersAsync(bootId, [.. some.Select(user => subject.User(user).Id)], cancellationToken);
            simulated._bootIds.Add(bootId);
        }

        simulated._emptying = simulated.EmptyAsync();
        return simulated;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _emptying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _redis.DisposeAsync();
        _stop.Dispose();
    }

    private async Task EmptyAsync()
    {
        var queue = new ServerQueue(_redis, new OptionsWrapper<ServerQueueOptions>(new ServerQueueOptions()));
        using var timer = new PeriodicTimer(s_interval);
        while (await timer.WaitForNextTickAsync(_stop.Token))
            await Task.WhenAll(_bootIds.Select(bootId => queue.DeleteAsync(bootId, _stop.Token)));
    }
}
