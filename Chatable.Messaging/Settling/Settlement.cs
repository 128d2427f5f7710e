using Chatable.Messaging.Intake;
using Chatable.Messaging.ServerQueues;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Settling;

/// <summary>What became of a batch: of what the servers were to be told, and of each head why it was not deleted, or null.</summary>
public readonly record struct Settled(IReadOnlyList<QueueAppend> Told, IReadOnlyList<RedisException?> Failures);

/// <summary>
/// The end of a batch: its servers are told, and it is deleted from the intake, in one command. Without it there would be a round trip more
/// in each batch, for which everything that came meanwhile would wait.
/// </summary>
public sealed class Settlement(
    IConnectionMultiplexer redis, IOptions<IntakeOptions> intake, IOptions<ServerQueueOptions> queues)
{
    // A failure of one queue or partition is none of the others; but where a queue fails by anything except want of memory, nothing is
    // deleted. Attempts are counted for hardly any entry. Deleting needs no memory, so it goes on when there is none.
    // KEYS: the queues; then of each partition its log and its attempts. ARGV: how many queues; their limit and lifetime; a batch for each;
    // then for each partition the number of its entries, and their ids. Answers with what became of each queue, and each partition's error.
    private const string Script = ServerQueue.Append + """
        local queues = tonumber(ARGV[1])
        local told, errors, failure = {}, {}, false
        for i = 1, queues do
            told[i] = append(KEYS[i], ARGV[i + 3], ARGV[2], ARGV[3])
            if told[i] ~= '' and told[i] ~= 'full' and string.sub(told[i], 1, 3) ~= 'OOM' then failure = told[i] end
        end
        if failure then told = {} end
        local at = queues + 4
        for i = queues + 1, #KEYS, 2 do
            local last = at + tonumber(ARGV[at])
            local answer = failure and {err = failure} or redis.pcall('XDEL', KEYS[i], unpack(ARGV, at + 1, last))
            if type(answer) == 'number' and redis.call('EXISTS', KEYS[i + 1]) == 1 then
                answer = redis.pcall('HDEL', KEYS[i + 1], unpack(ARGV, at + 1, last))
            end
            errors[#errors + 1] = type(answer) == 'table' and answer.err or ''
            at = last + 1
        end
        return {told, errors}
        """;

    private readonly IntakeKeys _keys = new(intake.Value.KeyPrefix);
    private readonly ServerQueueOptions _queues = queues.Value;

    /// <summary>
    /// Whether so many servers can be told in the command that deletes; if not, they have to be told before. On a cluster, a command
    /// names keys of one slot only.
    /// </summary>
    public bool CanTell(int servers) => !redis.IsCluster() && servers <= ServerQueue.QueuesAtOnce;

    /// <summary>
    /// Tells the servers, and deletes entries whose fate is settled: stored, or refused. Redis does so before anything that is read after
    /// it on this connection, but what is read of a partition counts only once this has succeeded for it.
    /// </summary>
    /// <param name="batches">No more than <see cref="CanTell"/> allows. Where one fails by anything but want of memory, nothing is deleted.</param>
    /// <param name="heads">Of different partitions. A failure of one is none of the others.</param>
    /// <param name="cancellationToken">Cancels before anything is sent.</param>
    public async Task<Settled> SettleAsync(
        IReadOnlyList<ServerBatch> batches, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!redis.IsCluster())
            return await SettleTogetherAsync(batches, heads);

        if (batches.Count > 0)
            throw new ArgumentException("On a cluster servers are told before.", nameof(batches));
        var settled = await Task.WhenAll(heads.Select(head => SettleTogetherAsync([], [head])));
        return new Settled([], [.. settled.SelectMany(one => one.Failures)]);
    }

    private async Task<Settled> SettleTogetherAsync(IReadOnlyList<ServerBatch> batches, IReadOnlyList<PartitionHead> heads)
    {
        RedisKey[] keys =
        [
            .. batches.Select(batch => _queues.KeyOf(batch.BootId)),
            .. heads.SelectMany(head => new[] { _keys.Log(head.Partition), _keys.Attempts(head.Partition) }),
        ];
        RedisValue[] arguments =
        [
            batches.Count, _queues.Limit, _queues.LifetimeMilliseconds, .. batches.Select(batch => (RedisValue)batch.Items),
            .. heads.SelectMany(head => head.Items.Select(item => item.Id).Prepend(head.Items.Count)),
        ];
        var answer = (RedisResult[])(await redis.GetDatabase().ScriptEvaluateAsync(Script, keys, arguments))!;
        return new Settled(
            Array.ConvertAll((string[])answer[0]!, ServerQueue.OutcomeOf),
            Array.ConvertAll((string[])answer[1]!, error => error.Length == 0 ? null : new RedisException(error)));
    }
}
