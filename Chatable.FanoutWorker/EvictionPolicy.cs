using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>Looks whether Redis would throw keys away when it is full. It must refuse to write instead: senders are then told.</summary>
internal sealed partial class EvictionPolicy(IConnectionMultiplexer redis, ILogger<EvictionPolicy> logger)
{
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var server in redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await ReadAsync(server) is { } policy and not "noeviction")
                Log.MayEvict(logger, policy);
        }
    }

    // By INFO, since managed services forbid CONFIG; one that forbids both keeps its secret.
    private static async Task<string?> ReadAsync(IServer server)
    {
        try
        {
            var memory = await server.InfoAsync("memory");
            return memory.SelectMany(section => section).FirstOrDefault(line => line.Key == "maxmemory_policy").Value;
        }
        catch (RedisServerException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Redis' maxmemory-policy is {Policy}: when full it throws away leases, registrations or messages not yet stored. Set noeviction.")]
        public static partial void MayEvict(ILogger logger, string policy);
    }
}
