using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

internal sealed class RegistryKeys(string prefix)
{
    /// <summary>The sorted set of servers: boot id, and when its lease ends in milliseconds since 1970 by Redis' clock.</summary>
    public RedisKey Servers { get; } = $"{prefix}servers";

    /// <summary>The set of boot ids a user is connected to, living ones and dead.</summary>
    public RedisKey User(long user) => $"{prefix}u:{{{user}}}";
}
