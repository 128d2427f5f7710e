using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>The outcome of appending a batch for a server. No outcome loses a message: the server recovers it from PostgreSQL.</summary>
public enum QueueAppend
{
    Appended,

    /// <summary>Appended to a full queue, which dropped its oldest batches.</summary>
    Overflowed,

    /// <summary>
    /// Dropped, because Redis is out of memory. Only deletes from the intake can free memory, so no caller may wait for this to change.
    /// </summary>
    OutOfMemory,
}

/// <summary>
/// Each API server's own queue, a Redis stream named by its boot id. It needs no durability: the sockets it feeds end with the server, and
/// the server recovers lost batches from PostgreSQL.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue.")]
public sealed class ServerQueue(IConnectionMultiplexer redis, IOptions<ServerQueueOptions> options)
{
    private const string Full = "full";

    // Reports whether the queue was full, because XADD does not report trimming: '', 'full', or an error.
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
    /// Appends one batch to a server's queue, even if Redis is out of memory. Use it for small, rare batches that are sent only once. All
    /// other batches are appended by <see cref="Publishing.PublishAndTrim"/>.
    /// </summary>
    /// <exception cref="RedisException">It is unknown whether the batch was appended.</exception>
    public async Task<QueueAppend> InsistAsync(ServerBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var outcome = await redis.GetDatabase().ScriptEvaluateAsync(
            AppendEvenWithoutMemory, [KeyOf(batch.BootId)], [batch.Items, _options.Limit, _options.LifetimeMilliseconds]);
        return OutcomeOf((string)outcome!);
    }

    /// <summary>
    /// Frees the memory of batches before a position that was read. Redis frees whole blocks only, so some batches may remain.
    /// </summary>
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

/// <summary>The content for one server's queue: a <see cref="Wire.DispatchBatch"/>, addressed by boot id.</summary>
public readonly record struct ServerBatch(Guid BootId, ReadOnlyMemory<byte> Items);
