using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>What became of a batch for a server. None of it loses a message: the server repairs from PostgreSQL.</summary>
public enum QueueAppend
{
    Appended,

    /// <summary>Appended to a full queue, whose oldest batches were dropped for it.</summary>
    Overflowed,

    /// <summary>Dropped, for Redis has no memory. Only deleting from the intake can give it some, so nobody must wait for this.</summary>
    OutOfMemory,
}

/// <summary>
/// Each API server's own queue, a Redis stream named by its boot id. It needs no durability: the sockets it feeds die with the
/// server, and whatever it loses is repaired from PostgreSQL.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue.")]
public sealed class ServerQueue(IConnectionMultiplexer redis, IOptions<ServerQueueOptions> options)
{
    // Tells whether the queue was full, for XADD does not say that it trimmed.
    private const string Append = """
        local full = redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1])
        redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'b', ARGV[2])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return full and 1 or 0
        """;

    private readonly RedisValue _limit = options.Value.Limit;
    private readonly RedisValue _idleLifetime = (long)options.Value.IdleLifetime.TotalMilliseconds;

    /// <summary>Appends one batch to the queue of each server, all in one go; what became of each, in their order.</summary>
    /// <exception cref="RedisException">It is not known which queues took theirs.</exception>
    public async Task<IReadOnlyList<QueueAppend>> AppendAsync(
        IReadOnlyList<(Guid BootId, ReadOnlyMemory<byte> Batch)> batches, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        return await Task.WhenAll(batches.Select(batch => AppendAsync(database, batch.BootId, batch.Batch)));
    }

    private async Task<QueueAppend> AppendAsync(IDatabase database, Guid bootId, ReadOnlyMemory<byte> batch)
    {
        try
        {
            RedisValue[] arguments = [_limit, batch, _idleLifetime];
            var full = await database.ScriptEvaluateAsync(Append, [KeyOf(bootId)], arguments);
            return (long)full == 1 ? QueueAppend.Overflowed : QueueAppend.Appended;
        }
        catch (RedisServerException refused) when (refused.Kind is RedisErrorKind.OutOfMemory)
        {
            return QueueAppend.OutOfMemory;
        }
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

    private RedisKey KeyOf(Guid bootId) => options.Value.KeyOf(bootId);
}
