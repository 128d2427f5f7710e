using System.Globalization;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// The worker's side of the intake. A partition is always read from its head, and only entries that are stored, refused, or moved to the
/// dead letters are deleted. The stored entries are therefore a prefix of the log at every moment, however many workers read it.
/// </summary>
public sealed class IntakeReader(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _deadLetterLimit = options.Value.DeadLetterLimit;

    /// <summary>
    /// Reads at most <paramref name="count"/> of the oldest entries. No position is kept: after a loss of data, ids may start over.
    /// </summary>
    public async Task<IReadOnlyList<IntakeItem>> ReadHeadAsync(int partition, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entries = await redis.GetDatabase().StreamRangeAsync(_keys.Log(partition), count: count);
        return Array.ConvertAll(entries, entry => new IntakeItem(entry.Id, (ReadOnlyMemory<byte>)entry["m"]));
    }

    /// <summary>
    /// Reads the heads of several partitions in one command, and returns those that have entries. If all are empty, waits up to
    /// <paramref name="patience"/> for an entry to arrive. Arrivals then need no separate notification, and many partitions cost little
    /// more than one.
    /// </summary>
    /// <param name="partitions">At least one.</param>
    /// <param name="count">The most entries to read from each partition.</param>
    /// <param name="patience">
    /// At least a millisecond, and less than the client's timeout. All other commands on this connection wait as well.
    /// </param>
    /// <param name="cancellationToken">Stops waiting. Entries that were not returned stay in the intake.</param>
    /// <exception cref="RedisServerException">One of the partitions cannot be read, so none was read.</exception>
    public async Task<IReadOnlyList<PartitionHead>> ReadHeadsAsync(
        IReadOnlyList<int> partitions, int count, TimeSpan patience, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        object[] arguments =
        [
            "COUNT", count, "BLOCK", (long)patience.TotalMilliseconds, "STREAMS",
            .. partitions.Select(partition => (object)_keys.Log(partition)), .. Enumerable.Repeat("0", partitions.Count),
        ];
        var answer = await redis.GetDatabase().ExecuteAsync("XREAD", arguments).WaitAsync(cancellationToken);
        var byKey = partitions.ToDictionary(partition => (string)_keys.Log(partition)!);
        return [.. StreamsAnswer.Parse(answer).Select(stream => new PartitionHead(byKey[stream.Key], stream.Items))];
    }

    /// <summary>
    /// Moves an entry to the dead letters, even if Redis is out of memory. Returns false if the dead letters are full; the entry then
    /// stays.
    /// </summary>
    public async Task<bool> DeadLetterAsync(
        int partition, IntakeItem item, string error, long attempts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var moved = await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.PutAside,
            [_keys.Log(partition), _keys.DeadLetters(partition), _keys.Attempts(partition)],
            [_deadLetterLimit, item.Id, error, attempts, item.Payload]);
        return (long)moved == 1;
    }

    /// <summary>Counts one more failed attempt to store an entry. The count is shared by all workers and survives restarts.</summary>
    public async Task<long> CountAttemptAsync(int partition, IntakeItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (long)await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.CountAttempt, [_keys.Attempts(partition)], [item.Id]);
    }
}

/// <summary>
/// Parses Redis' answer to XREAD of several streams: null, or <c>[[key, [[id, [name, value, …]], …]], …]</c>. In RESP3 it is a map, and so
/// flat: <c>[key, [[id, …], …], key, …]</c>.
/// </summary>
internal static class StreamsAnswer
{
    public static IEnumerable<(string Key, IntakeItem[] Items)> Parse(RedisResult answer)
    {
        if (answer.IsNull)
            return [];

        var streams = (RedisResult[])answer!;
        return answer.Resp3Type is ResultType.Map
            ? streams.Chunk(2).Select(stream => Stream(stream[0], stream[1]))
            : streams.Select(stream => Stream(stream[0], stream[1]));
    }

    private static (string Key, IntakeItem[] Items) Stream(RedisResult key, RedisResult entries) =>
        (key.ToString(), Array.ConvertAll((RedisResult[])entries!, Item));

    // An entry without the field m cannot be decoded.
    private static IntakeItem Item(RedisResult entry)
    {
        var fields = (RedisResult[])entry[1]!;
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            if ((RedisValue)fields[i] == "m")
                return new IntakeItem((RedisValue)entry[0], (ReadOnlyMemory<byte>)(RedisValue)fields[i + 1]);
        }

        return new IntakeItem((RedisValue)entry[0], default);
    }
}

/// <summary>An entry as stored in a partition. Its payload is not validated.</summary>
public readonly record struct IntakeItem(RedisValue Id, ReadOnlyMemory<byte> Payload);

/// <summary>The oldest entries of one partition, with none left out before the last of them.</summary>
public readonly record struct PartitionHead(int Partition, IReadOnlyList<IntakeItem> Items)
{
    /// <summary>
    /// The id after the last entry's, <c>time-sequence</c>. Ids of a partition only grow, so every entry before it has been read. Requires
    /// at least one entry.
    /// </summary>
    public string End
    {
        get
        {
            var last = Items[^1].Id.ToString();
            var dash = last.IndexOf('-', StringComparison.Ordinal);
            var time = ulong.Parse(last.AsSpan(0, dash), CultureInfo.InvariantCulture);
            var sequence = ulong.Parse(last.AsSpan(dash + 1), CultureInfo.InvariantCulture);
            return sequence == ulong.MaxValue ? $"{time + 1}-0" : $"{time}-{sequence + 1}";
        }
    }

    /// <summary>
    /// Identifies the last entry. Its id alone is not enough: if Redis lost the log and its clock was set back, another entry may have it.
    /// Requires at least one entry.
    /// </summary>
    internal (RedisValue Id, ReadOnlyMemory<byte> Beginning) Last =>
        (Items[^1].Id, Items[^1].Payload[..Math.Min(Items[^1].Payload.Length, IntakeEntry.IdentityLength)]);
}
