using StackExchange.Redis;

namespace Chatable.Messaging.Registry;

// Uses Redis' clock, which all processes share.
internal sealed class LiveServers(IConnectionMultiplexer redis, RegistryOptions options, TimeProvider time)
{
    internal const string Now = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) ";

    private const string Heartbeat = Now + """
        local expiry = redis.call('ZSCORE', KEYS[1], ARGV[1])
        redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
        local info = redis.pcall('INFO', 'server')
        local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
        return {expiry and tonumber(expiry) > now and 1 or 0, run}
        """;

    private const string FindAlive = Now + "return redis.call('ZRANGE', KEYS[1], now, '+inf', 'BYSCORE')";

    private const string FindSilent = Now + "return redis.call('ZRANGE', KEYS[1], '-inf', now - tonumber(ARGV[1]), 'BYSCORE')";

    private readonly RedisKey _key = new RegistryKeys(options.KeyPrefix).Servers;
    private readonly ServerRun _run = new();
    private volatile Snapshot _snapshot = new([], long.MinValue);

    private sealed record Snapshot(HashSet<Guid> Alive, long TakenAt);

    public async Task<bool> HeartbeatAsync(Guid bootId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var answer = (RedisValue[])(await redis.GetDatabase().ScriptEvaluateAsync(
            Heartbeat, [_key], [bootId.ToString("N"), (long)options.ServerLifetime.TotalMilliseconds]))!;
        return _run.Continues(answer[1].ToString()) && answer[0] == 1;
    }

    public async Task RemoveAsync(Guid bootId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().SortedSetRemoveAsync(_key, bootId.ToString("N"));
    }

    // The cached snapshot can only confirm that a server is alive. Only a fresh one may declare it dead: it may have started a moment ago.
    public async Task<IReadOnlySet<Guid>> AmongAsync(IEnumerable<Guid> bootIds, CancellationToken cancellationToken)
    {
        var wanted = bootIds.ToHashSet();
        var snapshot = _snapshot;
        if (wanted.Count > 0 && !(IsRecent(snapshot) && wanted.IsSubsetOf(snapshot.Alive)))
            _snapshot = snapshot = await TakeSnapshotAsync(cancellationToken);
        wanted.IntersectWith(snapshot.Alive);
        return wanted;
    }

    public async Task<IReadOnlyList<Guid>> FindLongDeadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = await redis.GetDatabase().ScriptEvaluateAsync(
            FindSilent, [_key], [(long)options.ReapAfter.TotalMilliseconds]);
        return Array.ConvertAll((RedisValue[])found!, ParseBootId);
    }

    // Any value that is not a boot id becomes one that no server has.
    public static Guid ParseBootId(RedisValue value) => Guid.TryParseExact(value, "N", out var bootId) ? bootId : Guid.Empty;

    private async Task<Snapshot> TakeSnapshotAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var asked = time.GetTimestamp();
        var alive = (RedisValue[])(await redis.GetDatabase().ScriptEvaluateAsync(FindAlive, [_key]))!;
        return new Snapshot([.. alive.Select(ParseBootId)], asked);
    }

    private bool IsRecent(Snapshot snapshot) =>
        snapshot.TakenAt != long.MinValue && time.GetElapsedTime(snapshot.TakenAt) < options.LiveServersAge;
}
