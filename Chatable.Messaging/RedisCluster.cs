using StackExchange.Redis;

namespace Chatable.Messaging;

internal static class RedisCluster
{
    /// <summary>Whether keys are spread over several servers, so that a command may only name keys of one hash slot.</summary>
    public static bool IsCluster(this IConnectionMultiplexer redis) =>
        redis.GetServers().Any(server => server.ServerType == ServerType.Cluster);
}
