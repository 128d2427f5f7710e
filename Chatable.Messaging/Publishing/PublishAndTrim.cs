using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Publishing;

/// <summary>What became of a batch.</summary>
/// <param name="Told">Of each server that was to be told.</param>
/// <param name="Failures">Of each head why it was not deleted, or null.</param>
/// <param name="Dead">Registrations with servers that live no more, to be forgotten.</param>
public readonly record struct PublishResult(
    IReadOnlyList<QueueAppend> Told, IReadOnlyList<RedisException?> Failures, IReadOnlyList<Registration> Dead);

/// <summary>
/// The end of a batch: the servers it concerns are found and told, and it is deleted from the intake, in one command. In three there would
/// be two round trips more in each batch, for which everything that came meanwhile would wait.
/// </summary>
public sealed class PublishAndTrim(
    IConnectionMultiplexer redis, IOptions<IntakeOptions> intake, IOptions<ServerQueueOptions> queues, IOptions<RegistryOptions> registry)
{
    private static readonly RedisValue s_beginning = new byte[] { DispatchBatch.Version };

    private readonly IntakeKeys _intake = new(intake.Value.KeyPrefix);
    private readonly RegistryKeys _registry = new(registry.Value.KeyPrefix);
    private readonly ServerQueueOptions _queues = queues.Value;

    /// <summary>
    /// Tells the servers, and deletes entries whose fate is settled: stored, or refused. Redis does so before anything that is read after
    /// it on this connection, but what is read of a partition counts only once this has succeeded for it.
    /// </summary>
    /// <param name="items">
    /// Only what is committed: a server that registers a user and then reads his head is found by everything committed after that head.
    /// Where a server cannot be told for anything but want of memory, nothing is deleted.
    /// </param>
    /// <param name="heads">
    /// Of different partitions, without what was put aside of them. A failure of one is none of the others: an
    /// <see cref="IntakeChangedException"/> where its log is not the one any more that was read.
    /// </param>
    /// <param name="cancellationToken">Cancels before anything is sent.</param>
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

// How a batch is settled. KEYS: the servers; the users; then of each partition its log and its attempts.
// ARGV: how many users; an AddressedBatch: addresses, origins; the queues' limit and lifetime, what their names and what their batches
// begin with; then for each partition the id before which it is to be empty, and the id and the beginning of the last entry that was read of
// it; then the pieces.
// Answers with what became of each queue, each partition's error, and dead registrations: user, boot id, user, …
// Everything that is read comes first, so that nothing is written where that fails.
internal static class PublishAndTrimScript
{
    // The batch each server that lives is to have, by its boot id; false of one that does not.
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

    // A piece goes to a server once, whoever of the users is there.
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

    // A failure of one queue is none of the others, but where it is anything except want of memory, nothing is deleted.
    private const string Tell = """
        local told, failure = {}, false
        for i, server in ipairs(found) do
            told[i] = append(ARGV[6] .. server .. '}', table.concat(batches[server]), ARGV[4], ARGV[5])
            if told[i] ~= '' and told[i] ~= 'full' and string.sub(told[i], 1, 3) ~= 'OOM' then failure = told[i] end
        end
        if failure then told = {} end

        """;

    // What Redis answers where a log holds other entries than were read of it.
    internal const string Changed = "CHANGED";

    // A failure of one partition is none of the others. Attempts are counted for hardly any entry. Deleting needs no memory, so it goes on
    // when there is none.
    // Ids grow as long as a log is not lost. Where Redis has lost all of it or its tail, and its clock is behind, what came since may stand
    // before what was read, and nobody has read it. So a log is only trimmed where the last entry that was read still stands in it: then
    // nothing before it is new. Where it does not, because somebody else has deleted it, everything that is left comes after it.
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
