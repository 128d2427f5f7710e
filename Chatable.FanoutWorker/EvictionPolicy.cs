using StackExchange.Redis;

namespace Chatable.FanoutWorker;

/// <summary>Looks whether Redis would throw keys away when it is full. It must refuse to write instead: senders are then told.</summary>
internal sealed partial class EvictionPolicy(IConnectionMultiplexer redis, ILogger<EvictionPolicy> logger)
{
    // INFO, since managed services forbid CONFIG. From a script, since the client offers it only to connections that may also flush
    // and shut down, and this one need not.
    private const string Read = "return string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%a-]+)') or ''";

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var policy = (string?)await redis.GetDatabase().ScriptEvaluateAsync(Read);
            if (policy is not (null or "" or "noeviction"))
                Log.MayEvict(logger, policy);
        }
        catch (RedisServerException refusal)
        {
            Log.NotTold(logger, refusal.Kind);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Redis' maxmemory-policy is {Policy}: when full it throws away leases and messages not yet stored. Set noeviction.")]
        public static partial void MayEvict(ILogger logger, string policy);

        [LoggerMessage(LogLevel.Information, "Redis does not tell its maxmemory-policy ({Error}). See that it is noeviction.")]
        public static partial void NotTold(ILogger logger, RedisErrorKind error);
    }
}
