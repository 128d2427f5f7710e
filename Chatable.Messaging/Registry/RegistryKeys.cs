using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

internal sealed class RegistryKeys(string prefix)
{
    /// <summary>The sorted set of servers: boot id, and end of its lease in milliseconds since 1970 by Redis' clock.</summary>
    public RedisKey Servers { get; } = $"{prefix}servers";

    /// <summary>The set of boot ids that a user is connected to, of live and dead servers.</summary>
    public RedisKey User(long user) => $"{prefix}u:{{{user}}}";
}
