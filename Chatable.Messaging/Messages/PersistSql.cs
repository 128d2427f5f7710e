namespace Chatable.Messaging.Messages;

// Each statement has one fixed text and only parameters, so it is prepared once per connection. In READ COMMITTED a statement sees what was
// committed before it began, so statements after the locks see everything that the locks waited for. Arrays are unnested side by side in
// the select list. In FROM, each array would first be copied into a table of its own, at a tenth of the cost of the whole batch.
internal static class PersistSql
{
    // Each statement gets one generic plan: planning costs more than running it for a few rows. A plan made while a table was empty would
    // use a sequential scan, and be kept until the next ANALYZE. Only index plans are therefore allowed, which are right at any size. The
    // statement also reads the number of the epoch, which stays the same until the transaction ends, however late the locks are granted:
    // see LogEpochs.
    public const string Settings = $"""
        SELECT {LogEpochs.Number}, {OrphanedLocks.End},
               {Replication.Required},
               set_config('statement_timeout', '5s', true), set_config('lock_timeout', '3s', true),
               set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
               set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
        """;

    // All callers lock in the same order, so there is no deadlock. The holder of the locks owns the users' logs and all conversations
    // between them.
    public const string LockHeads = "SELECT user_id, last_seq FROM user_heads WHERE user_id = ANY ($1) ORDER BY user_id FOR UPDATE";

    public const string FindStored = """
        SELECT m.author_id, m.client_id, m.message_id, m.conversation_id, m.conversation_seq, m.author_seq, m.created_at,
               m.fingerprint, m.type, CASE WHEN m.fingerprint IS NULL THEN m.body END
        FROM (SELECT unnest($1) AS author_id, unnest($2) AS client_id) AS k
        JOIN messages m ON m.author_id = k.author_id AND m.client_id = k.client_id
        """;

    // Returns a row for each pair, because each row carries the time.
    public const string FindConversations = """
        SELECT k.user_low, k.user_high, c.id, c.last_seq, c.last_message_at, clock_timestamp()
        FROM (SELECT unnest($1) AS user_low, unnest($2) AS user_high) AS k
        LEFT JOIN conversations c ON c.user_low = k.user_low AND c.user_high = k.user_high AND c.kind = 0
        """;

    public const string CreateConversations = """
        INSERT INTO conversations (kind, user_low, user_high)
        SELECT 0, user_low, user_high FROM unnest($1, $2) AS k (user_low, user_high)
        ON CONFLICT (user_low, user_high) WHERE kind = 0 DO NOTHING
        RETURNING user_low, user_high, id
        """;

    // The commit is sent together with the writes. An update of too few rows must therefore be an error of the statement itself: after an
    // error, nothing else is executed. SQL has no statement that just raises an error, so this divides by zero. No other division exists
    // here. An insert either writes all its rows or fails.
    private const string Counting = "WITH written AS (";

    private const string Counted = " RETURNING 1) SELECT 1 / (count(*) = cardinality($1))::integer FROM written";

    public const string InsertMessages = """
        INSERT INTO messages (message_id, conversation_id, conversation_seq, author_id, author_seq, client_id, client_id_text, type,
                              body, created_at, fingerprint)
        SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8), unnest($9),
               unnest($10), unnest($11)
        """;

    public const string InsertEnvelopes = """
        INSERT INTO envelopes (user_id, seq, conversation_id, conversation_seq, kind, epoch_number)
        SELECT unnest($1), unnest($2), unnest($3), unnest($4), 0, $5
        """;

    public const string MoveHeads = Counting + """
        UPDATE user_heads h SET last_seq = k.last_seq
        FROM (SELECT unnest($1) AS user_id, unnest($2) AS last_seq) AS k WHERE h.user_id = k.user_id
        """ + Counted;

    public const string MoveConversations = Counting + """
        UPDATE conversations c SET last_seq = k.last_seq, last_message_at = k.at
        FROM (SELECT unnest($1) AS id, unnest($2) AS last_seq, unnest($3) AS at) AS k WHERE c.id = k.id
        """ + Counted;

    public const string TouchParticipants = """
        INSERT INTO participants (conversation_id, user_id, active_minute) SELECT unnest($1), unnest($2), unnest($3)
        ON CONFLICT (conversation_id, user_id) DO UPDATE SET active_minute = excluded.active_minute
        """;

    public const string Commit = "COMMIT";
}
