using System.Globalization;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// The dead letters, for operators: one stream <c>dlq:{p}</c> per partition, oldest first. <see cref="IntakeReader.DeadLetterAsync"/> adds
/// entries. Entries are never removed automatically.
/// </summary>
public sealed class DeadLetterLog(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _limit = options.Value.Limit;

    /// <summary>Returns the number of partitions stored in this Redis, which is binding, or else the configured one.</summary>
    public async Task<int> CountPartitionsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var stored = await redis.GetDatabase().StringGetAsync(_keys.Partitions);
        return stored.TryParse(out int partitions) ? partitions : options.Value.Partitions;
    }

    /// <summary>Counts the dead letters in each of the partitions.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CountAsync(IEnumerable<int> partitions, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        var counts = await Task.WhenAll(partitions.Select(
            async partition => KeyValuePair.Create(partition, await database.StreamLengthAsync(_keys.DeadLetters(partition)))));
        return counts.ToDictionary();
    }

    /// <summary>
    /// Returns at most <paramref name="count"/> dead letters of a partition, oldest first, starting after <paramref name="after"/>.
    /// </summary>
    public Task<IReadOnlyList<DeadLetter>> ListAsync(int partition, string? after, int count, CancellationToken cancellationToken) =>
        ReadAsync(partition, after is null ? "-" : $"({after}", "+", count, cancellationToken);

    public async Task<DeadLetter?> FindAsync(int partition, string id, CancellationToken cancellationToken) =>
        await ReadAsync(partition, id, id, 1, cancellationToken) is [var letter] ? letter : null;

    /// <summary>
    /// Atomically appends the unchanged entry to its partition and removes it from the dead letters. Its attempt count is kept: if it fails
    /// again, it returns to the dead letters at once, with one more attempt.
    /// </summary>
    public async Task<ReplayOutcome> ReplayAsync(int partition, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // The client library must not resend this: the second run would not find the entry, and would report that nothing was done.
        var outcome = await redis.GetDatabase().ScriptEvaluateAsync(
            DeadLetterScripts.Replay,
            [_keys.DeadLetters(partition), _keys.Log(partition), _keys.Attempts(partition)],
            [id, _limit],
            CommandFlags.CommandRetryNever);
        return (ReplayOutcome)(int)outcome;
    }

    /// <summary>Deletes a dead letter permanently. Returns false if no dead letter has this id.</summary>
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
