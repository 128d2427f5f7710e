using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;

namespace Chatable.Messaging.Publishing;

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
