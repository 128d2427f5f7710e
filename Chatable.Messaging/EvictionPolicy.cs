using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Chatable.Messaging;

/// <summary>
/// Checks at startup whether a full Redis would evict keys. It must refuse writes instead, so that senders receive an error.
/// </summary>
public sealed partial class EvictionPolicy(IConnectionMultiplexer redis, TimeProvider time, ILogger<EvictionPolicy> logger)
    : BackgroundService
{
    // Uses INFO because managed services forbid CONFIG. Runs it from a script because the client library offers INFO only to connections
    // with admin rights, which could also flush and shut down. This connection does not need those rights.
    private const string Read = "return string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%a-]+)') or ''";

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryCheckAsync(stoppingToken))
            await Task.Delay(s_retry, time, stoppingToken);
    }

    /// <summary>Returns false if Redis did not answer.</summary>
    private async Task<bool> TryCheckAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var policy = (string?)await redis.GetDatabase().ScriptEvaluateAsync(Read);
            if (policy is not (null or "" or "noeviction"))
                Log.MayEvict(logger, policy);
            return true;
        }
        catch (RedisServerException refusal) when (refusal.Kind is not RedisErrorKind.Loading)
        {
            Log.NotTold(logger, refusal.Kind);
            return true;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Components that need Redis report its absence themselves.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Redis' maxmemory-policy is {Policy}: when Redis is full, it evicts leases, registrations and messages that are not stored yet. "
            + "Set it to noeviction: 'redis-cli CONFIG SET maxmemory-policy noeviction' and in redis.conf, or where your provider has it.")]
        public static partial void MayEvict(ILogger logger, string policy);

        [LoggerMessage(LogLevel.Information, "Redis does not report its maxmemory-policy ({Error}). Make sure that it is noeviction.")]
        public static partial void NotTold(ILogger logger, RedisErrorKind error);
    }
}

public static class EvictionPolicySetup
{
    /// <summary>Adds the check once, even if called several times.</summary>
    public static IServiceCollection AddEvictionPolicyCheck(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EvictionPolicy>());
        return services;
    }
}
