using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>Entries to append together to one partition.</summary>
public readonly record struct IntakeAppend(int Partition, IReadOnlyList<ReadOnlyMemory<byte>> Entries);

/// <summary>
/// The intake: messages that are authorised but not yet stored, one Redis stream for each partition. An entry in it carries no promise;
/// only the commit in PostgreSQL does.
/// </summary>
public sealed partial class IntakeLog(IConnectionMultiplexer redis, IOptions<IntakeOptions> options, ILogger<IntakeLog>? logger = null)
{
    private readonly ILogger _logger = logger ?? (ILogger)NullLogger.Instance;
    private readonly IntakeKeys _keys = new(options.Value.KeyPrefix);

    // Created once, because every command names them.
    private readonly RedisKey[] _logs =
        [.. Enumerable.Range(0, options.Value.Partitions).Select(new IntakeKeys(options.Value.KeyPrefix).Log)];

    private readonly RedisValue _limit = options.Value.Limit;

    public int Partitions { get; } = options.Value.Partitions;

    /// <summary>Appends encoded <see cref="Wire.IntakeEntry"/> bytes in order, all or none.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before anything was sent. Redis failures do not throw; they are
    /// outcomes.</exception>
    public async Task<AcceptOutcome> AppendAsync(
        int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken) =>
        (await AppendAsync([new IntakeAppend(partition, entries)], cancellationToken))[0];

    /// <summary>Runs several appends in order, each all or none, and returns their outcomes.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before anything was sent. Redis failures do not throw; they are
    /// outcomes.</exception>
    public async Task<AcceptOutcome[]> AppendAsync(IReadOnlyList<IntakeAppend> appends, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var keys = new RedisKey[appends.Count];
        var arguments = new RedisValue[1 + appends.Count + appends.Sum(append => append.Entries.Count)];
        arguments[0] = _limit;
        var at = 1;
        for (var i = 0; i < keys.Length; i++)
        {
            var (partition, entries) = appends[i];
            ArgumentOutOfRangeException.ThrowIfZero(entries.Count);
            keys[i] = _logs[partition];
            arguments[at++] = entries.Count;
            for (var j = 0; j < entries.Count; j++)
                arguments[at++] = entries[j];
        }

        try
        {
            // A resend by the client library could put an entry behind later ones of the same sender.
            var appended = (RedisValue[])(await redis.GetDatabase().ScriptEvaluateAsync(
                IntakeScripts.Append, keys, arguments, CommandFlags.CommandRetryNever))!;
            return Array.ConvertAll(appended, one => one == 1 ? AcceptOutcome.Accepted : AcceptOutcome.Busy);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            var outcomes = new AcceptOutcome[keys.Length];
            Array.Fill(outcomes, AppendFailure.OutcomeOf(exception));
            LogFailed(_logger, exception, outcomes.Length, outcomes[0]);
            return outcomes;
        }
    }

    /// <summary>Stores the number of partitions as binding for all processes on this Redis, or verifies the stored one.</summary>
    /// <exception cref="UnusableRedisException">
    /// Other processes use another number, and a conversation must never be in two partitions; or this Redis is a cluster.
    /// </exception>
    public async Task EnsurePartitionsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (redis.GetServers().Any(server => server.ServerType is ServerType.Cluster))
            throw UnusableRedisException.Cluster();
        var database = redis.GetDatabase();
        // Read first: without memory, Redis executes no SET, not even one that would change nothing. A worker that starts at that time must
        // still run, to drain the intake.
        var stored = await database.StringGetAsync(_keys.Partitions);
        if (stored.IsNull)
        {
            await database.StringSetAsync(_keys.Partitions, Partitions, when: When.NotExists);
            stored = await database.StringGetAsync(_keys.Partitions);
        }

        if (stored != Partitions)
            throw UnusableRedisException.OtherPartitions(stored.ToString(), Partitions);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} appends to the intake failed: {Outcome}.")]
    private static partial void LogFailed(ILogger logger, Exception failure, int count, AcceptOutcome outcome);
}

internal static class IntakeScripts
{
    // Each append is refused as a whole or appended as a whole. After the first XADD nothing may fail, or an error would no longer mean
    // "not appended".
    // KEYS: a log for each append. ARGV: the limit; then for each append the number of its entries, and the entries.
    public const string Append = """
        local appended, at = {}, 2
        for i = 1, #KEYS do
            local count, waiting = tonumber(ARGV[at]), redis.call('XLEN', KEYS[i])
            appended[i] = waiting + count <= tonumber(ARGV[1]) and 1 or 0
            if appended[i] == 1 then
                for j = at + 1, at + count do redis.call('XADD', KEYS[i], '*', 'm', ARGV[j]) end
            end
            at = at + 1 + count
        end
        return appended
        """;
}
