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
    // Of several queues in one command at most: they keep Redis from everything else.
    private const int QueuesAtOnce = 100;

    private const string Full = "full";

    // Tells whether a queue was full, for XADD does not say that it trimmed. A failure of one queue is none of the others.
    // KEYS: the queues. ARGV: the limit, the lifetime, a batch for each. Answers for each with nothing, 'full', or an error.
    private const string Append = """
        local outcomes = {}
        for i = 1, #KEYS do
            local length = redis.pcall('XLEN', KEYS[i])
            local added = redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[1], '*', 'b', ARGV[i + 2])
            if type(added) == 'table' then
                outcomes[i] = added.err
            else
                redis.call('PEXPIRE', KEYS[i], ARGV[2])
                outcomes[i] = length >= tonumber(ARGV[1]) and 'full' or ''
            end
        end
        return outcomes
        """;

    private readonly RedisValue _limit = options.Value.Limit;
    private readonly RedisValue _idleLifetime = (long)options.Value.IdleLifetime.TotalMilliseconds;

    /// <summary>Appends one batch to the queue of each server, all in one go; what became of each, in their order.</summary>
    /// <exception cref="RedisException">It is not known which queues took theirs.</exception>
    public async Task<IReadOnlyList<QueueAppend>> AppendAsync(
        IReadOnlyList<(Guid BootId, ReadOnlyMemory<byte> Batch)> batches, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Which keys share a server is not known on a cluster.
        var outcomes = await Task.WhenAll(batches.Chunk(redis.IsCluster() ? 1 : QueuesAtOnce).Select(AppendTogetherAsync));
        return [.. outcomes.SelectMany(outcome => outcome)];
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

    private async Task<IEnumerable<QueueAppend>> AppendTogetherAsync((Guid BootId, ReadOnlyMemory<byte> Batch)[] batches)
    {
        RedisKey[] keys = Array.ConvertAll(batches, batch => KeyOf(batch.BootId));
        RedisValue[] arguments = [_limit, _idleLifetime, .. batches.Select(batch => (RedisValue)batch.Batch)];
        var outcomes = await redis.GetDatabase().ScriptEvaluateAsync(Append, keys, arguments);
        return Array.ConvertAll((string[])outcomes!, OutcomeOf);
    }

    private static QueueAppend OutcomeOf(string outcome) => outcome switch
    {
        "" => QueueAppend.Appended,
        Full => QueueAppend.Overflowed,
        _ when outcome.StartsWith("OOM", StringComparison.Ordinal) => QueueAppend.OutOfMemory,
        _ => throw new RedisException(outcome),
    };

    private RedisKey KeyOf(Guid bootId) => options.Value.KeyOf(bootId);
}
