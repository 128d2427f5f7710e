using StackExchange.Redis;

namespace Chatable.Messaging;

/// <summary>What every service passes to <c>AddRedisClient</c> as <c>configureOptions</c>.</summary>
public static class RedisBacklog
{
    /// <summary>
    /// Without a connection a command fails at once instead of waiting for one: then it is sure not to have been sent, and its sender can
    /// be told so, and nothing is sent long after its caller has given up.
    /// </summary>
    public static void FailFast(ConfigurationOptions options)
    {
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.AbortOnConnectFail = false;
    }
}
