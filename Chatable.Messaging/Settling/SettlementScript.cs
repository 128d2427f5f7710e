using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;

namespace Chatable.Messaging.Settling;

// How a batch is settled. KEYS: the servers; the users; then of each partition its log and its attempts.
// ARGV: how many users; an AddressedBatch: addresses, items, origins; the queues' limit and lifetime, what their names and what their
// batches begin with; then for each partition the number of its entries, and their ids.
// Answers with what became of each queue, each partition's error, and dead registrations: user, boot id, user, …
// Everything that is read comes first, so that nothing is written where that fails.
internal static class SettlementScript
{
    // The batch each server that lives is to have, by its boot id; false of one that does not.
    private const string Batches = LiveServers.Now + """
        local batches, found = {}, {}
        local function batch(server)
            if batches[server] == nil then
                local expiry = redis.call('ZSCORE', KEYS[1], server)
                batches[server] = expiry and tonumber(expiry) > now and {ARGV[8]}
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
        for i = 1, #ARGV[4] / 32 do origins[i] = batch(string.sub(ARGV[4], i * 32 - 31, i * 32)) end

        """;

    // A piece goes to a server once, whoever of the users is there.
    private const string Distribute = """
        local addresses, items = ARGV[2], ARGV[3]
        local at, from, piece, has = 1, 1, nil, {}
        local function give(its)
            if its and has[its] ~= from then its[#its + 1] = piece has[its] = from end
        end
        while at <= #addresses do
            local length, origin, count
            length, origin, count, at = struct.unpack('<I4I2I2', addresses, at)
            piece = string.sub(items, from, from + length - 1)
            from = from + length
            give(origins[origin])
            for _ = 1, count do
                local user
                user, at = struct.unpack('<I2', addresses, at)
                for _, its in ipairs(servers[user]) do give(its) end
            end
        end

        """;

    // A failure of one queue is none of the others, but where it is anything except want of memory, nothing is deleted.
    private const string Tell = """
        local told, failure = {}, false
        for i, server in ipairs(found) do
            told[i] = append(ARGV[7] .. server .. '}', table.concat(batches[server]), ARGV[5], ARGV[6])
            if told[i] ~= '' and told[i] ~= 'full' and string.sub(told[i], 1, 3) ~= 'OOM' then failure = told[i] end
        end
        if failure then told = {} end

        """;

    // A failure of one partition is none of the others. Attempts are counted for hardly any entry. Deleting needs no memory, so it goes on
    // when there is none.
    private const string Delete = """
        local errors = {}
        for i = first, #KEYS, 2 do
            local last = at + tonumber(ARGV[at])
            local answer = failure and {err = failure} or redis.pcall('XDEL', KEYS[i], unpack(ARGV, at + 1, last))
            if type(answer) == 'number' and redis.call('EXISTS', KEYS[i + 1]) == 1 then
                answer = redis.pcall('HDEL', KEYS[i + 1], unpack(ARGV, at + 1, last))
            end
            errors[#errors + 1] = type(answer) == 'table' and answer.err or ''
            at = last + 1
        end

        """;

    public const string TellAndDelete =
        ServerQueue.Append + Batches + FindServers + Distribute + Tell + "local first = users + 2 at = 9 " + Delete + "return {told, errors, dead}";

    /// <summary>For a cluster: no KEYS and ARGV but those of partitions; answers with each one's error.</summary>
    public const string DeleteOnly = "local failure, first, at = false, 1, 1 " + Delete + "return errors";
}
