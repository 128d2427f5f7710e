namespace Chatable.Tests.Stores;

/// <summary>What must hold for the tables whatever was written. Each query finds the violations of one rule.</summary>
internal static class MessagesInvariants
{
    private static readonly (string Rule, string Violations)[] s_rules =
    [
        ("each user's log is dense from 1 to its head", """
            SELECT h.user_id FROM user_heads h LEFT JOIN envelopes e USING (user_id) GROUP BY h.user_id, h.last_seq
            HAVING count(e.seq) <> h.last_seq OR coalesce(min(e.seq), 1) <> 1 OR coalesce(max(e.seq), 0) <> h.last_seq
            """),
        ("each conversation is dense from 1 to its head", """
            SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id, c.last_seq
            HAVING count(m.*) <> c.last_seq OR coalesce(min(m.conversation_seq), 1) <> 1
                OR coalesce(max(m.conversation_seq), 0) <> c.last_seq
            """),
        ("the head of a conversation is its last message", """
            SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id AND m.conversation_seq = c.last_seq
            WHERE c.last_message_at <> m.created_at
            """),
        ("times never contradict the order of a conversation", """
            SELECT message_id FROM (SELECT message_id, created_at, lag(created_at)
                                        OVER (PARTITION BY conversation_id ORDER BY conversation_seq) AS before
                                    FROM messages) m WHERE created_at <= before
            """),
        ("a message has exactly one envelope for each of its parties", """
            SELECT m.message_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
            LEFT JOIN envelopes e USING (conversation_id, conversation_seq) GROUP BY m.message_id, c.user_low, c.user_high
            HAVING array_agg(e.user_id ORDER BY e.user_id)
                <> CASE WHEN c.user_low = c.user_high THEN ARRAY[c.user_low] ELSE ARRAY[c.user_low, c.user_high] END
            """),
        ("the author's seq is that of the author's envelope", """
            SELECT m.message_id FROM messages m
            LEFT JOIN envelopes e ON (e.conversation_id, e.conversation_seq, e.user_id) = (m.conversation_id, m.conversation_seq, m.author_id)
            WHERE e.seq IS DISTINCT FROM m.author_seq
            """),
        ("an author belongs to the conversation of the message", """
            SELECT m.message_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
            WHERE m.author_id NOT IN (c.user_low, c.user_high)
            """),
        ("the participants of a conversation are its users, with the minute of its last message", """
            SELECT c.id FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id GROUP BY c.id
            HAVING array_agg(p.user_id ORDER BY p.user_id)
                <> CASE WHEN c.user_low = c.user_high THEN ARRAY[c.user_low] ELSE ARRAY[c.user_low, c.user_high] END
                OR min(p.active_minute) <> date_bin('1 minute', c.last_message_at, 'epoch') OR max(p.active_minute) <> min(p.active_minute)
            """),
        ("a user's log has the messages of a conversation in its order", """
            SELECT message_id FROM (SELECT m.message_id, m.conversation_seq, lag(m.conversation_seq)
                                        OVER (PARTITION BY e.user_id, m.conversation_id ORDER BY e.seq) AS before
                                    FROM envelopes e JOIN messages m USING (conversation_id, conversation_seq)) m
            WHERE conversation_seq <= before
            """),
    ];

    public static async Task AssertAsync(MessagesDatabase database)
    {
        foreach (var (rule, violations) in s_rules)
        {
            var count = await database.ScalarAsync<long>($"SELECT count(*) FROM ({violations}) violations");
            Assert.True(count == 0, $"{count} violations of: {rule}");
        }
    }
}
