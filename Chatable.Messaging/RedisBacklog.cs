using StackExchange.Redis;

namespace Chatable.Messaging;

/// <summary>The settings that every service passes to <c>AddRedisClient</c> as <c>configureOptions</c>.</summary>
public static class RedisBacklog
{
    /// <summary>
    /// Without a connection, a command fails at once instead of waiting for one. The command was then certainly not sent, and the service
    /// can tell the sender so. No command is sent long after its caller has given up.
    /// </summary>
    public static void FailFast(ConfigurationOptions options)
    {
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.AbortOnConnectFail = false;
    }
}
