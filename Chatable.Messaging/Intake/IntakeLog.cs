using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>Entries for one partition, to be appended together.</summary>
public readonly record struct IntakeAppend(int Partition, IReadOnlyList<ReadOnlyMemory<byte>> Entries);

/// <summary>
/// The way in: messages that are authorised but not yet stored, one Redis stream for each partition. What is in it carries no
/// promise; only the commit in PostgreSQL does.
/// </summary>
public sealed class IntakeLog(IConnectionMultiplexer redis, IOptions<IntakeOptions> options)
{
    // Of each append refuses everything or appends everything. Nothing may fail once the first XADD is through, or an error would no
    // longer mean "not appended": hence pcall for the wake-up, which only saves the worker a poll. Where something stood before, it is on
    // its way through a worker, who then looks again, or was announced itself.
    // KEYS: a log for each append. ARGV: the limit; then for each append its channel, the number of its entries, the entries.
    private const string Append = """
        local appended, at = {}, 2
        for i = 1, #KEYS do
            local count, waiting = tonumber(ARGV[at + 1]), redis.call('XLEN', KEYS[i])
            appended[i] = waiting + count <= tonumber(ARGV[1]) and 1 or 0
            if appended[i] == 1 then
                for j = at + 2, at + 1 + count do redis.call('XADD', KEYS[i], '*', 'm', ARGV[j]) end
                if waiting == 0 then redis.pcall('PUBLISH', ARGV[at], '1') end
            end
            at = at + 2 + count
        end
        return appended
        """;

    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);
    private readonly RedisValue _limit = options.Value.Limit;

    public int Partitions { get; } = options.Value.Partitions;

    /// <summary>Appends encoded <see cref="Wire.IntakeEntry"/> bytes in order, all or none.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before anything was sent. Redis' failures throw nothing.</exception>
    public async Task<AcceptOutcome> AppendAsync(
        int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) =>
        (await AppendAsync([new IntakeAppend(partition, entries)], cancellationToken))[0];

    /// <summary>Several appends in their order, each of them all or none; their outcomes.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before anything was sent. Redis' failures throw nothing.</exception>
    public async Task<AcceptOutcome[]> AppendAsync(IReadOnlyList<IntakeAppend> appends, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (appends.Count == 1 || !redis.IsCluster())
            return await SendAsync(appends);

        // A command may only name keys of one slot there; those of one partition stay in their order.
        var outcomes = new AcceptOutcome[appends.Count];
        await Task.WhenAll(Enumerable.Range(0, appends.Count).GroupBy(i => appends[i].Partition).Select(async places =>
        {
            var some = await SendAsync([.. places.Select(i => appends[i])]);
            foreach (var (i, outcome) in places.Zip(some))
                outcomes[i] = outcome;
        }));
        return outcomes;
    }

    private async Task<AcceptOutcome[]> SendAsync(IReadOnlyList<IntakeAppend> appends)
    {
        var keys = new RedisKey[appends.Count];
        var arguments = new List<RedisValue>(1 + 3 * appends.Count) { _limit };
        for (var i = 0; i < keys.Length; i++)
        {
            var (partition, entries) = appends[i];
            ArgumentOutOfRangeException.ThrowIfZero(entries.Count);
            keys[i] = _keys.Log(partition);
            arguments.AddRange([_keys.WakeName(partition), entries.Count]);
            foreach (var entry in entries)
                arguments.Add(entry);
        }

        try
        {
            // A retry by the client library could put an entry behind later ones of the same sender.
            var appended = (RedisValue[])(await redis.GetDatabase().ScriptEvaluateAsync(
                Append, keys, [.. arguments], CommandFlags.CommandRetryNever))!;
            return Array.ConvertAll(appended, one => one == 1 ? AcceptOutcome.Accepted : AcceptOutcome.Busy);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            var outcomes = new AcceptOutcome[keys.Length];
            Array.Fill(outcomes, AppendFailure.OutcomeOf(exception));
            return outcomes;
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
