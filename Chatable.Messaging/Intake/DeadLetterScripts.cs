namespace Chatable.Messaging.Intake;

// A dead letter is a stream entry: id, error, attempts, then the fields of the original entry, whoever wrote it. unpack has a limit, so
// very many fields are packed into the single field `packed`. An entry whose first field has that name is packed too.
internal static class DeadLetterScripts
{
    // Runs even if Redis is out of memory: an entry that can never be stored must not stop a partition until memory is available. The
    // memory it takes is returned. It briefly needs about three times the entry's size. What remains is the letter's own fields, about 150
    // bytes, and the block of a stream that is freed only as a whole, 4 KiB for each partition.
    private const string EvenWithoutMemory = "#!lua flags=allow-oom\n";

    // If Redis lost the log and its clock was set back, another entry may now have this id. That entry stays.
    public const string PutAside = EvenWithoutMemory + """
        if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[1]) then return 0 end
        local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])
        local fields, payload = #found > 0 and found[1][2] or {}, ''
        for i = #fields - 1, 1, -2 do if fields[i] == 'm' then payload = fields[i + 1] end end
        if #found > 0 and payload == ARGV[5] then
          if #fields > 1000 or fields[1] == 'packed' then fields = {'packed', cmsgpack.pack(fields)} end
          redis.call('XADD', KEYS[2], '*', 'id', ARGV[2], 'error', ARGV[3], 'attempts', ARGV[4], unpack(fields))
          redis.call('XDEL', KEYS[1], ARGV[2])
        end
        redis.call('HDEL', KEYS[3], ARGV[2])
        return 1
        """;

    /// <summary>Counts one more attempt for an entry, and returns the total.</summary>
    public const string CountAttempt = EvenWithoutMemory + "return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)";

    /// <summary>
    /// Returns one row per dead letter: id, id in the intake, error, attempts, number of fields, their bytes, the field <c>m</c>.
    /// </summary>
    public const string Read = Original + """
        local rows = {}
        for i, letter in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])) do
          local story, fields = letter[2], original(letter[2])
          local bytes, m = 0, ''
          for k = 1, #fields do bytes = bytes + #fields[k] end
          for k = 1, #fields, 2 do if fields[k] == 'm' then m = fields[k + 1] end end
          rows[i] = {letter[1], story[2], story[4], story[6], #fields / 2, bytes, m}
        end
        return rows
        """;

    /// <summary>Returns a <see cref="ReplayOutcome"/>. XADD comes first: if it fails for lack of memory, the dead letter stays.</summary>
    public const string Replay = Original + """
        local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
        if #found == 0 then return 0 end
        if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 2 end
        local fields = original(found[1][2])
        if #fields > 7000 then return 3 end
        local id = redis.call('XADD', KEYS[2], '*', unpack(fields))
        redis.call('HSET', KEYS[3], id, found[1][2][6])
        redis.call('XDEL', KEYS[1], ARGV[1])
        return 1
        """;

    private const string Original = """
        local function original(letter)
          if letter[7] == 'packed' then return cmsgpack.unpack(letter[8]) end
          local fields = {}
          for i = 7, #letter do fields[#fields + 1] = letter[i] end
          return fields
        end

        """;
}
