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

    // KEYS: the queue. ARGV: a batch, the limit, the lifetime.
    private const string AppendEvenWithoutMemory =
        "#!lua flags=allow-oom\n" + Append + "return append(KEYS[1], ARGV[1], ARGV[2], ARGV[3])";

    private readonly ServerQueueOptions _options = options.Value;

    /// <summary>
    /// Appends one batch to a server's queue, even where Redis is out of memory: for what is small, rare, and said only once. All else comes
    /// there as the end of a batch (<see cref="Publishing.PublishAndTrim"/>).
    /// </summary>
    /// <exception cref="RedisException">It is not known whether the queue took it.</exception>
    public async Task<QueueAppend> InsistAsync(ServerBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var outcome = await redis.GetDatabase().ScriptEvaluateAsync(
            AppendEvenWithoutMemory, [KeyOf(batch.BootId)], [batch.Items, _options.Limit, _options.LifetimeMilliseconds]);
        return OutcomeOf((string)outcome!);
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

    internal static QueueAppend OutcomeOf(string outcome) => outcome switch
    {
        "" => QueueAppend.Appended,
        Full => QueueAppend.Overflowed,
        _ when outcome.StartsWith("OOM", StringComparison.Ordinal) => QueueAppend.OutOfMemory,
        _ => throw new RedisException(outcome),
    };

    private RedisKey KeyOf(Guid bootId) => _options.KeyOf(bootId);
}

/// <summary>What one server is to be told: a <see cref="Wire.DispatchBatch"/>, for the queue of that boot id.</summary>
public readonly record struct ServerBatch(Guid BootId, ReadOnlyMemory<byte> Items);
