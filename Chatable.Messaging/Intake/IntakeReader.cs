using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>An entry as it stands in a partition; the bytes may be anything.</summary>
public readonly record struct IntakeItem(RedisValue Id, ReadOnlyMemory<byte> Payload);

/// <summary>
/// The worker's side of the intake. A partition is always read from its head, and only what is stored (or a dead letter) is
/// deleted: what has been stored is then a prefix of the log at every moment, however many workers read it.
/// </summary>
public sealed class IntakeReader(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    // Attempts are counted for hardly any entry. Deleting needs no memory, so it goes on when there is none.
    private const string Settle = """
        redis.call('XDEL', KEYS[1], unpack(ARGV))
        if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HDEL', KEYS[2], unpack(ARGV)) end
        return #ARGV
        """;

    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _deadLetterLimit = options.Value.DeadLetterLimit;

    /// <summary>
    /// The oldest entries, at most <paramref name="count"/>. No position is kept: after a loss of data ids may start over.
    /// </summary>
    public async Task<IReadOnlyList<IntakeItem>> ReadHeadAsync(int partition, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = await redis.GetDatabase().StreamRangeAsync(_keys.Log(partition), count: count);
        return Array.ConvertAll(entries, entry => new IntakeItem(entry.Id, (ReadOnlyMemory<byte>)entry["m"]));
    }

    /// <summary>Deletes entries whose fate is settled: stored or refused, and told.</summary>
    public async Task SettleAsync(int partition, IReadOnlyCollection<IntakeItem> items, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().ScriptEvaluateAsync(
            Settle, [_keys.Log(partition), _keys.Attempts(partition)], [.. items.Select(item => item.Id)]);
    }

    /// <summary>Moves an entry among the dead letters; false where these are full and it stays.</summary>
    public async Task<bool> DeadLetterAsync(
        int partition, IntakeItem item, string error, long attempts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var moved = await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.PutAside,
            [_keys.Log(partition), _keys.DeadLetters(partition), _keys.Attempts(partition)],
            [_deadLetterLimit, item.Id, error, attempts]);
        return (long)moved == 1;
    }

    /// <summary>Counts one more failure to store an entry, across workers and their restarts.</summary>
    public async Task<long> CountAttemptAsync(int partition, IntakeItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await redis.GetDatabase().HashIncrementAsync(_keys.Attempts(partition), item.Id);
    }

    /// <summary>Calls <paramref name="wake"/> after each append until disposed. It may miss some: poll besides.</summary>
    public async Task<IAsyncDisposable> SubscribeAsync(int partition, Action wake, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await WakeUps.SubscribeAsync(redis, _keys.Wake(partition), wake);
    }
}
