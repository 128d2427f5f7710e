namespace Chatable.Messaging.Intake;

internal static class IntakeScripts
{
    // Of each append refuses everything or appends everything. Nothing may fail once the first XADD is through, or an error would no
    // longer mean "not appended".
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
