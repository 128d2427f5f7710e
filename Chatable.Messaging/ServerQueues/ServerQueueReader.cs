using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.ServerQueues;

/// <summary>One batch in a server's queue, and the position after it.</summary>
public readonly record struct QueuedBatch(RedisValue Position, ReadOnlyMemory<byte> Batch);

/// <summary>Reads a server's queue, and waits where it is empty: an append then costs neither a wake-up nor a question.</summary>
/// <param name="connect">Gives a connection nobody else uses, since whatever is sent on it waits as well.</param>
/// <param name="options">As the writer's.</param>
public sealed class ServerQueueReader(Func<IConnectionMultiplexer> connect, IOptions<ServerQueueOptions> options)
{
    /// <summary>The position before everything.</summary>
    public static readonly RedisValue Start = "0-0";

    private readonly Lazy<IDatabase> _database = new(() => connect().GetDatabase(), LazyThreadSafetyMode.PublicationOnly);

    /// <summary>What stands after a position, oldest first; where nothing does, what comes within the patience, or nothing.</summary>
    /// <param name="bootId">Whose queue.</param>
    /// <param name="after">The position read last, or <see cref="Start"/>.</param>
    /// <param name="count">At most so many batches.</param>
    /// <param name="patience">To be less than the client's timeout; below a millisecond nothing is waited for.</param>
    /// <param name="cancellationToken">Gives up waiting. A server that has stopped reading loses nothing by it.</param>
    public async Task<IReadOnlyList<QueuedBatch>> ReadAsync(
        Guid bootId, RedisValue after, int count, TimeSpan patience, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var milliseconds = (long)patience.TotalMilliseconds;
        object[] waiting = milliseconds > 0 ? ["BLOCK", milliseconds] : [];
        object[] arguments = ["COUNT", count, .. waiting, "STREAMS", options.Value.KeyOf(bootId), after];
        return Parse(await _database.Value.ExecuteAsync("XREAD", arguments).WaitAsync(cancellationToken));
    }

    // Null, or streams with their entries: [[key, [[id, [name, value, …]], …]]], in RESP3 a map and thus flat: [key, [[id, […]], …]].
    private static QueuedBatch[] Parse(RedisResult answer)
    {
        if (answer.IsNull || answer.Length == 0)
            return [];
        var entries = answer[0].Length == 2 ? answer[0][1] : answer[1];
        return Array.ConvertAll(
            (RedisResult[])entries!, entry => new QueuedBatch((RedisValue)entry[0], (ReadOnlyMemory<byte>)(RedisValue)entry[1][1]));
    }
}
