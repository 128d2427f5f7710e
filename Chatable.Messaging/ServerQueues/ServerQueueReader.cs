using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>One batch in a server's queue, and the position after it.</summary>
public readonly record struct QueuedBatch(RedisValue Position, ReadOnlyMemory<byte> Batch);

/// <summary>
/// Reads a server's queue, and waits while it is empty. An append then needs no notification, and the reader does not poll.
/// </summary>
/// <param name="connect">Returns a connection used only here, because other commands on it would wait as well.</param>
/// <param name="options">The same options as the writer's.</param>
public sealed class ServerQueueReader(Func<IConnectionMultiplexer> connect, IOptions<ServerQueueOptions> options)
{
    /// <summary>The position before the first batch.</summary>
    public static readonly RedisValue Start = "0-0";

    private readonly Lazy<IDatabase> _database = new(() => connect().GetDatabase(), LazyThreadSafetyMode.PublicationOnly);

    /// <summary>
    /// Reads the batches after a position, oldest first. If there are none, waits up to <paramref name="patience"/> for some.
    /// </summary>
    /// <param name="bootId">The server whose queue is read.</param>
    /// <param name="after">The position read last, or <see cref="Start"/>.</param>
    /// <param name="count">The most batches to return.</param>
    /// <param name="patience">Must be less than the client's timeout. Below a millisecond, the call does not wait.</param>
    /// <param name="cancellationToken">Stops waiting. No batch is lost.</param>
    public async Task<IReadOnlyList<QueuedBatch>> ReadAsync(
        Guid bootId, RedisValue after, int count, TimeSpan patience, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var milliseconds = (long)patience.TotalMilliseconds;
        object[] waiting = milliseconds > 0 ? ["BLOCK", milliseconds] : [];
        object[] arguments = ["COUNT", count, .. waiting, "STREAMS", options.Value.KeyOf(bootId), after];
        return Parse(await _database.Value.ExecuteAsync("XREAD", arguments).WaitAsync(cancellationToken));
    }

    // Null, or streams with their entries: [[key, [[id, [name, value, …]], …]]]. In RESP3 it is a map, and so flat: [key, [[id, […]], …]].
    private static QueuedBatch[] Parse(RedisResult answer)
    {
        if (answer.IsNull || answer.Length == 0)
            return [];
        var entries = answer[0].Length == 2 ? answer[0][1] : answer[1];
        return Array.ConvertAll(
            (RedisResult[])entries!, entry => new QueuedBatch((RedisValue)entry[0], (ReadOnlyMemory<byte>)(RedisValue)entry[1][1]));
    }
}
