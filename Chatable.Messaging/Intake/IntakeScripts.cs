namespace Chatable.Messaging.Intake;

internal static class IntakeScripts
{
    // Of each append refuses everything or appends everything. Nothing may fail once the first XADD is through, or an error would no
    // longer mean "not appended": hence pcall for what only saves a cluster's worker a poll.
    // KEYS: a log for each append. ARGV: the limit; the channel to tell, if any; then for each append the number of its entries, and the
    // entries.
    public const string Append = """
        local appended, at = {}, 3
        for i = 1, #KEYS do
            local count, waiting = tonumber(ARGV[at]), redis.call('XLEN', KEYS[i])
            appended[i] = waiting + count <= tonumber(ARGV[1]) and 1 or 0
            if appended[i] == 1 then
                for j = at + 1, at + count do redis.call('XADD', KEYS[i], '*', 'm', ARGV[j]) end
                if waiting == 0 and ARGV[2] ~= '' then redis.pcall('PUBLISH', ARGV[2], '') end
            end
            at = at + 1 + count
        end
        return appended
        """;

    // A failure of one partition is none of the others. Attempts are counted for hardly any entry. Deleting needs no memory, so it goes on
    // when there is none.
    // KEYS: the log and the attempts of each partition. ARGV: for each the number of its entries, and their ids.
    public const string Settle = """
        local errors, at = {}, 1
        for i = 1, #KEYS, 2 do
            local last = at + tonumber(ARGV[at])
            local answer = redis.pcall('XDEL', KEYS[i], unpack(ARGV, at + 1, last))
            if type(answer) == 'number' and redis.call('EXISTS', KEYS[i + 1]) == 1 then
                answer = redis.pcall('HDEL', KEYS[i + 1], unpack(ARGV, at + 1, last))
            end
            errors[#errors + 1] = type(answer) == 'table' and answer.err or ''
            at = last + 1
        end
        return errors
        """;
}
