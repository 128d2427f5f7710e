using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// The way in: messages that are authorised but not yet stored, one Redis stream for each partition. What is in it carries no
/// promise; only the commit in PostgreSQL does.
/// </summary>
public sealed class IntakeLog(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    // Refuses everything or appends everything. Nothing may fail once the first XADD is through, or an error would no longer mean
    // "not appended": hence pcall for the wake-up, which only saves the worker a poll. Where something stood before, it is on its way
    // through a worker, who then looks again, or was announced itself.
    private const string Append = """
        local count, waiting = #ARGV - 2, redis.call('XLEN', KEYS[1])
        if waiting + count > tonumber(ARGV[1]) then return 0 end
        for i = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'm', ARGV[i]) end
        if waiting == 0 then redis.pcall('PUBLISH', ARGV[2], '1') end
        return count
        """;

    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _limit = options.Value.Limit;

    public int Partitions { get; } = options.Value.Partitions;

    /// <summary>Appends encoded <see cref="Wire.IntakeEntry"/> bytes in order, all or none.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before anything was sent. Redis' failures throw nothing.</exception>
    public async Task<AcceptOutcome> AppendAsync(
        int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(entries.Count);
        cancellationToken.ThrowIfCancellationRequested();
        RedisValue[] arguments = [_limit, (string)_keys.Wake(partition)!, .. entries.Select(entry => (RedisValue)entry)];
        try
        {
            // A retry by the client library could put an entry behind later ones of the same sender.
            var appended = (long)await redis.GetDatabase().ScriptEvaluateAsync(
                Append, [_keys.Log(partition)], arguments, CommandFlags.CommandRetryNever);
            return appended == entries.Count ? AcceptOutcome.Accepted : AcceptOutcome.Busy;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            return AppendFailure.OutcomeOf(exception);
        }
    }

    /// <summary>Makes the number of partitions binding for everyone on this Redis, or finds what it is.</summary>
    /// <exception cref="PartitionMismatchException">Others use another number; a conversation must never be in two partitions.</exception>
    public async Task EnsurePartitionsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var database = redis.GetDatabase();
        if (await database.StringSetAsync(_keys.Partitions, Partitions, when: When.NotExists))
            return;

        var stored = await database.StringGetAsync(_keys.Partitions);
        if (stored != Partitions)
            throw new PartitionMismatchException(stored.ToString(), Partitions);
    }
}
