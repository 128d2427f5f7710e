using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>One batch in a server's queue, and the position after it.</summary>
public readonly record struct QueuedBatch(RedisValue Position, ReadOnlyMemory<byte> Batch);

/// <summary>
/// Each API server's own queue, a Redis stream named by its boot id. It needs no durability: the sockets it feeds die with the
/// server, and whatever it loses is repaired from PostgreSQL.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue.")]
public sealed class ServerQueue(IConnectionMultiplexer redis, IOptions<ServerQueueOptions> options)
{
    /// <summary>The position before everything.</summary>
    public static readonly RedisValue Start = "0-0";

    // Tells whether the queue was full, for XADD does not say that it trimmed.
    private const string Append = """
        local full = redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1])
        redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'b', ARGV[3])
        redis.pcall('PUBLISH', ARGV[2], '1')
        return full and 1 or 0
        """;

    private readonly string _prefix = options.Value.KeyPrefix;
    private readonly RedisValue _limit = options.Value.Limit;

    /// <summary>Appends to each server's queue in one go; true where the queue was full and older batches were dropped for this one.</summary>
    /// <exception cref="RedisException">This queue did not take it, or it is not known whether it did; others may have.</exception>
    public async Task<IReadOnlyList<bool>> AppendAsync(
        IReadOnlyList<(Guid BootId, ReadOnlyMemory<byte> Batch)> batches, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        return await Task.WhenAll(batches.Select(async batch =>
        {
            var full = await database.ScriptEvaluateAsync(
                Append, [KeyOf(batch.BootId)], [_limit, (string)WakeOf(batch.BootId)!, batch.Batch]);
            return (long)full == 1;
        }));
    }

    /// <summary>What stands after a position, oldest first; empty where nothing does.</summary>
    public async Task<IReadOnlyList<QueuedBatch>> ReadAsync(
        Guid bootId, RedisValue after, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = await redis.GetDatabase().StreamReadAsync(KeyOf(bootId), after, count);
        return Array.ConvertAll(entries, entry => new QueuedBatch(entry.Id, (ReadOnlyMemory<byte>)entry["b"]));
    }

    /// <summary>Gives back the memory of what stands before a position, once it was read; whole blocks of it, hence not all.</summary>
    public async Task TrimAsync(Guid bootId, RedisValue position, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().StreamTrimByMinIdAsync(KeyOf(bootId), position, useApproximateMaxLength: true);
    }

    public async Task DeleteAsync(Guid bootId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await redis.GetDatabase().KeyDeleteAsync(KeyOf(bootId));
    }

    /// <summary>Calls <paramref name="wake"/> after each append until disposed. It may miss some: poll besides.</summary>
    public async Task<IAsyncDisposable> SubscribeAsync(Guid bootId, Action wake, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await WakeUps.SubscribeAsync(redis, WakeOf(bootId), wake);
    }

    private RedisKey KeyOf(Guid bootId) => $"{_prefix}srv:{{{bootId:N}}}";

    private RedisChannel WakeOf(Guid bootId) => RedisChannel.Literal($"{_prefix}wake:srv:{{{bootId:N}}}");
}
