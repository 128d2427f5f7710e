using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

/// <summary>
/// How many fan-out workers live. Each notes itself in the sorted set <c>workers</c>, to expire by Redis' clock unless it does so again.
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
