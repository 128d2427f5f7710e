using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Publishing;

/// <summary>The result of publishing a batch.</summary>
/// <param name="Told">The outcome for each server that the batch concerns.</param>
/// <param name="Failures">For each head, why it was not deleted, or null.</param>
/// <param name="Dead">Registrations with dead servers, to be removed from the registry.</param>
public readonly record struct PublishResult(
    IReadOnlyList<QueueAppend> Told, IReadOnlyList<RedisException?> Failures, IReadOnlyList<Registration> Dead);

/// <summary>
/// The last step of a batch. One command finds the servers it concerns, publishes to their queues, and deletes the batch from the intake.
/// Three commands would cost two more round trips per batch, and everything that arrived in the meantime would wait for them.
/// </summary>
public sealed class PublishAndTrim(
    IConnectionMultiplexer redis, IOptions<IntakeOptions> intake, IOptions<ServerQueueOptions> queues, IOptions<RegistryOptions> registry)
{
    private static readonly RedisValue s_beginning = new byte[] { DispatchBatch.Version };

    private readonly IntakeKeys _intake = new(intake.Value.KeyPrefix);
    private readonly RegistryKeys _registry = new(registry.Value.KeyPrefix);
    private readonly ServerQueueOptions _queues = queues.Value;

    /// <summary>
    /// Publishes to the servers, and deletes the entries whose outcome is final: stored or refused. Redis runs this before any later read
    /// on this connection. The result of such a read of a partition is valid only after this has succeeded for that partition.
    /// </summary>
    /// <param name="items">
    /// Only committed items. A server registers a user and then reads the user's head. Everything committed after that head must find the
    /// server. If publishing to a server fails for any reason but lack of memory, nothing is deleted.
    /// </param>
    /// <param name="heads">
    /// Heads of different partitions, without their dead-lettered entries. A failure of one does not affect the others. It is an
    /// <see cref="IntakeChangedException"/> if the log no longer holds the entries that were read.
    /// </param>
    /// <param name="cancellationToken">Effective only before anything is sent.</param>
    public async Task<PublishResult> RunAsync(
        IReadOnlyList<AddressedItem> items, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var batch = new AddressedBatch(items);
        RedisKey[] keys = [_registry.Servers, .. batch.Users.Select(_registry.User), .. heads.SelectMany(KeysOf)];
        RedisValue[] arguments =
        [
            batch.Users.Count, batch.Addresses, batch.Origins,
            _queues.Limit, _queues.LifetimeMilliseconds, _queues.KeyStart, s_beginning,
            .. heads.SelectMany(EndOf), .. batch.Pieces.Select(piece => (RedisValue)piece),
        ];
        var answer = (RedisResult[])(await redis.GetDatabase().ScriptEvaluateAsync(PublishAndTrimScript.TellAndDelete, keys, arguments))!;
        return new PublishResult(
            Array.ConvertAll((string[])answer[0]!, ServerQueue.OutcomeOf),
            Array.ConvertAll((string[])answer[1]!, FailureOf),
            [.. ((RedisValue[])answer[2]!).Chunk(2).Select(dead =>
                new Registration(batch.Users[(int)dead[0] - 1], LiveServers.ParseBootId(dead[1])))]);
    }

    private RedisKey[] KeysOf(PartitionHead head) => [_intake.Log(head.Partition), _intake.Attempts(head.Partition)];

    private static RedisValue[] EndOf(PartitionHead head) => [head.End, head.Last.Id, head.Last.Beginning];

    private static RedisException? FailureOf(string error) => error switch
    {
        "" => null,
        PublishAndTrimScript.Changed => new IntakeChangedException(),
        _ => new RedisException(error),
    };
}

// The script that ends a batch. KEYS: the servers; the users; then for each partition its log and its attempts.
// ARGV: the number of users; the addresses and origins of an AddressedBatch; the queues' limit and lifetime; the start of their names and
// the first byte of their batches. Then for each partition three values: the id before which it must become empty, and the id and the first
// bytes of the last entry that was read from it. Then the pieces.
// Returns the outcome for each queue, each partition's error, and dead registrations: user, boot id, user, …
// All reads of the registry come first, so that nothing is written if one of them fails.
internal static class PublishAndTrimScript
{
    // The batch for each live server, by its boot id; false for a dead server.
    private const string Batches = LiveServers.Now + """
        local batches, found = {}, {}
        local function batch(server)
            if batches[server] == nil then
                local expiry = redis.call('ZSCORE', KEYS[1], server)
                batches[server] = expiry and tonumber(expiry) > now and {ARGV[7]}
                if batches[server] then found[#found + 1] = server end
            end
            return batches[server]
        end

        """;

    private const string FindServers = """
        local users, servers, origins, dead = tonumber(ARGV[1]), {}, {}, {}
        for user = 1, users do
            local live = {}
            for _, server in ipairs(redis.call('SMEMBERS', KEYS[user + 1])) do
                local its = batch(server)
                if its then live[#live + 1] = its else dead[#dead + 1] = user dead[#dead + 1] = server end
            end
            servers[user] = live
        end
        for i = 1, #ARGV[3] / 32 do origins[i] = batch(string.sub(ARGV[3], i * 32 - 31, i * 32)) end

        """;

    // A server gets each piece once, even if several of its users are connected there.
    private const string Distribute = """
        local addresses, at, index, has = ARGV[2], 1, 8 + (#KEYS - 1 - users) / 2 * 3, {}
        local function give(its)
            if its and has[its] ~= index then its[#its + 1] = ARGV[index] has[its] = index end
        end
        while at <= #addresses do
            local origin, count
            origin, count, at = struct.unpack('<I2I2', addresses, at)
            give(origins[origin])
            for _ = 1, count do
                local user
                user, at = struct.unpack('<I2', addresses, at)
                for _, its in ipairs(servers[user]) do give(its) end
            end
            index = index + 1
        end

        """;

    // A failure of one queue does not affect the others. But after any failure except lack of memory, nothing is deleted.
    private const string Tell = """
        local told, failure = {}, false
        for i, server in ipairs(found) do
            told[i] = append(ARGV[6] .. server .. '}', table.concat(batches[server]), ARGV[4], ARGV[5])
            if told[i] ~= '' and told[i] ~= 'full' and string.sub(told[i], 1, 3) ~= 'OOM' then failure = told[i] end
        end
        if failure then told = {} end

        """;

    // The error if a log no longer holds the entries that were read from it.
    internal const string Changed = "CHANGED";

    // A failure of one partition does not affect the others. Hardly any entry has counted attempts. Deleting needs no memory, so it works
    // even if Redis is out of memory.
    // Ids grow as long as a log is not lost. If Redis has lost the log or its tail, and its clock is behind, unread newer entries may have
    // lower ids than the entries that were read. A log is therefore trimmed only if it still holds the last entry that was read: then
    // nothing before that entry is new. If the entry is gone because another worker deleted it, all remaining entries come after it.
    private const string Delete = """
        local function parse(id)
            local time, sequence = string.match(id, '^(%d+)-(%d+)$')
            return tonumber(time), tonumber(sequence)
        end
        local function forget(attempts, limit)
            local ids, time, sequence = redis.pcall('HKEYS', attempts), parse(limit)
            for _, id in ipairs(ids) do
                local its, place = parse(id)
                if its and (its < time or its == time and place < sequence) then redis.call('HDEL', attempts, id) end
            end
            return ids
        end
        local function begins(entry, beginning)
            for i = 1, #entry, 2 do
                if entry[i] == 'm' then return string.sub(entry[i + 1], 1, #beginning) == beginning end
            end
            return beginning == ''
        end
        local function isAfter(id, last)
            local time, sequence = parse(id)
            local itsTime, itsSequence = parse(last)
            return time > itsTime or time == itsTime and sequence > itsSequence
        end
        local function trim(log, limit, last, beginning)
            local found = redis.pcall('XRANGE', log, last, last)
            if found.err then return found end
            if #found == 1 and begins(found[1][2], beginning) then return redis.pcall('XTRIM', log, 'MINID', limit) end
            local left = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
            return (#left == 0 or isAfter(left[1][1], last)) and 0 or {err = 'CHANGED'}
        end
        local errors = {}
        for i = first, #KEYS, 2 do
            local answer = failure and {err = failure} or trim(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2])
            if type(answer) == 'number' and redis.call('EXISTS', KEYS[i + 1]) == 1 then
                answer = forget(KEYS[i + 1], ARGV[at])
            end
            errors[#errors + 1] = type(answer) == 'table' and answer.err or ''
            at = at + 3
        end

        """;

    public const string TellAndDelete =
        ServerQueue.Append + Batches + FindServers + Distribute + Tell + "local first = users + 2 at = 8 " + Delete + "return {told, errors, dead}";
}
