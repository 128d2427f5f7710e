using System.Globalization;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// The entries put aside, for whoever looks after the system: <c>dlq:{p}</c> of each partition, oldest first. What puts them there is
/// <see cref="IntakeReader.DeadLetterAsync"/>; nothing ever leaves by itself.
/// </summary>
public sealed class DeadLetterLog(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _limit = options.Value.Limit;

    /// <summary>How many partitions there are: what is binding on this Redis, or else what is configured.</summary>
    public async Task<int> CountPartitionsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var stored = await redis.GetDatabase().StringGetAsync(_keys.Partitions);
        return stored.TryParse(out int partitions) ? partitions : options.Value.Partitions;
    }

    /// <summary>How many there are in each of the partitions.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CountAsync(IEnumerable<int> partitions, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        var counts = await Task.WhenAll(partitions.Select(
            async partition => KeyValuePair.Create(partition, await database.StreamLengthAsync(_keys.DeadLetters(partition)))));
        return counts.ToDictionary();
    }

    /// <summary>The oldest of a partition after <paramref name="after"/>, at most <paramref name="count"/>.</summary>
    public Task<IReadOnlyList<DeadLetter>> ListAsync(int partition, string? after, int count, CancellationToken cancellationToken) =>
        ReadAsync(partition, after is null ? "-" : $"({after}", "+", count, cancellationToken);

    public async Task<DeadLetter?> FindAsync(int partition, string id, CancellationToken cancellationToken) =>
        await ReadAsync(partition, id, id, 1, cancellationToken) is [var letter] ? letter : null;

    /// <summary>
    /// Appends the entry to its partition again, as it was, and takes it from the dead letters, both or neither. Its attempts go with it:
    /// should it fail again, it comes back at once, with one more.
    /// </summary>
    public async Task<ReplayOutcome> ReplayAsync(int partition, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Never sent twice by the client library: the second could not find it and would say that nothing was done.
        var outcome = await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.Replay,
            [_keys.DeadLetters(partition), _keys.Log(partition), _keys.Attempts(partition)],
            [id, _limit],
            CommandFlags.CommandRetryNever);
        return (ReplayOutcome)(int)outcome;
    }

    /// <summary>Deletes one for good; false where there is none of that id.</summary>
    public async Task<bool> DiscardAsync(int partition, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await redis.GetDatabase().StreamDeleteAsync(_keys.DeadLetters(partition), [id]) == 1;
    }

    private async Task<IReadOnlyList<DeadLetter>> ReadAsync(
        int partition, string from, string to, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var rows = (RedisResult[]?)await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.Read, [_keys.DeadLetters(partition)], [from, to, count]);
        return Array.ConvertAll(rows ?? [], row => Parse(partition, (RedisValue[])row!));
    }

    private static DeadLetter Parse(int partition, RedisValue[] row) => new()
    {
        Partition = partition,
        Id = row[0].ToString(),
        EntryId = row[1].ToString(),
        Error = row[2].ToString(),
        Attempts = long.TryParse(row[3].ToString(), CultureInfo.InvariantCulture, out var attempts) ? attempts : 0,
        Fields = (int)row[4],
        Bytes = (long)row[5],
        Payload = (ReadOnlyMemory<byte>)row[6],
    };
}
