using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

/// <summary>
/// Counts the live fan-out workers. Each worker renews its entry in the sorted set <c>workers</c>; without renewal the entry expires by
/// Redis' clock.
/// </summary>
public sealed class LiveWorkers(IConnectionMultiplexer redis, IOptions<RegistryOptions> options)
{
    private const string Count = """
        local t = redis.call('TIME')
        return redis.call('ZCOUNT', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000), '+inf')
        """;

    private readonly RedisKey _key = KeyOf(options.Value.KeyPrefix);

    public static RedisKey KeyOf(string prefix) => $"{prefix}workers";

    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (int)await redis.GetDatabase().ScriptEvaluateAsync(Count, [_key]);
    }
}
