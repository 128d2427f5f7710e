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
    // In one command at most: they keep Redis from everything else.
    internal const int QueuesAtOnce = 100;

    private const string Full = "full";

    // Tells whether the queue was full, for XADD does not say that it trimmed: '', 'full', or an error.
    internal const string Append = """
        local function append(queue, batch, limit, lifetime)
            local length = redis.pcall('XLEN', queue)
            local added = redis.pcall('XADD', queue, 'MAXLEN', '~', limit, '*', 'b', batch)
            if type(added) == 'table' then return added.err end
            redis.call('PEXPIRE', queue, lifetime)
            return length >= tonumber(limit) and 'full' or ''
        end

        """;

    // A failure of one queue is none of the others.
    // KEYS: the queues. ARGV: the limit, the lifetime, a batch for each. Answers with what became of each.
    private const string AppendAll = Append + """
        local outcomes = {}
        for i = 1, #KEYS do outcomes[i] = append(KEYS[i], ARGV[i + 2], ARGV[1], ARGV[2]) end
        return outcomes
        """;

    private const string AppendEvenWithoutMemory = "#!lua flags=allow-oom\n" + AppendAll;

    private readonly ServerQueueOptions _options = options.Value;

    /// <summary>Appends one batch to the queue of each server, all in one go; what became of each, in their order.</summary>
    /// <exception cref="RedisException">It is not known which queues took theirs.</exception>
    public Task<IReadOnlyList<QueueAppend>> AppendAsync(IReadOnlyList<ServerBatch> batches, CancellationToken cancellationToken) =>
        AppendAsync(batches, AppendAll, cancellationToken);

    /// <summary>The same even where Redis is out of memory: for what is small, rare, and said only once.</summary>
    /// <exception cref="RedisException">It is not known which queues took theirs.</exception>
    public Task<IReadOnlyList<QueueAppend>> InsistAsync(IReadOnlyList<ServerBatch> batches, CancellationToken cancellationToken) =>
        AppendAsync(batches, AppendEvenWithoutMemory, cancellationToken);

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

    private async Task<IReadOnlyList<QueueAppend>> AppendAsync(
        IReadOnlyList<ServerBatch> batches, string script, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Which keys share a server is not known on a cluster.
        var outcomes = await Task.WhenAll(
            batches.Chunk(redis.IsCluster() ? 1 : QueuesAtOnce).Select(some => AppendTogetherAsync(some, script)));
        return [.. outcomes.SelectMany(outcome => outcome)];
    }

    private async Task<IEnumerable<QueueAppend>> AppendTogetherAsync(ServerBatch[] batches, string script)
    {
        RedisKey[] keys = Array.ConvertAll(batches, batch => KeyOf(batch.BootId));
        RedisValue[] arguments =
            [_options.Limit, _options.LifetimeMilliseconds, .. batches.Select(batch => (RedisValue)batch.Items)];
        var outcomes = await redis.GetDatabase().ScriptEvaluateAsync(script, keys, arguments);
        return Array.ConvertAll((string[])outcomes!, OutcomeOf);
    }

    internal static QueueAppend OutcomeOf(string outcome) => outcome switch
    {
        "" => QueueAppend.Appended,
        Full => QueueAppend.Overflowed,
        _ when outcome.StartsWith("OOM", StringComparison.Ordinal) => QueueAppend.OutOfMemory,
        _ => throw new RedisException(outcome),
    };

    private RedisKey KeyOf(Guid bootId) => _options.KeyOf(bootId);
}
