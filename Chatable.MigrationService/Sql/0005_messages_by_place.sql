-- Within the database a message goes by its place, conversation_id and conversation_seq, which a unique index has to hold anyway. Its id is
-- for clients: an index over the ids was written to with every message and only ever read to find that place again.

ALTER TABLE envelopes RENAME TO envelopes_by_id;
ALTER TABLE envelopes_by_id RENAME CONSTRAINT envelopes_pkey TO envelopes_by_id_pkey;

CREATE TABLE envelopes (
    user_id          bigint NOT NULL,
    seq              bigint NOT NULL CONSTRAINT envelopes_seq_check CHECK (seq > 0),
    conversation_id  bigint NULL,
    conversation_seq bigint NULL,
    kind             smallint NOT NULL CONSTRAINT envelopes_kind_check CHECK (kind = 0),    -- 0 message
    CONSTRAINT envelopes_message_check CHECK (kind <> 0 OR (conversation_id IS NOT NULL AND conversation_seq IS NOT NULL))
);

INSERT INTO envelopes (user_id, seq, conversation_id, conversation_seq, kind)
    SELECT e.user_id, e.seq, m.conversation_id, m.conversation_seq, e.kind
    FROM envelopes_by_id e LEFT JOIN messages m USING (message_id);

DROP TABLE envelopes_by_id;
ALTER TABLE envelopes ADD CONSTRAINT envelopes_pkey PRIMARY KEY (user_id, seq);

ALTER TABLE conversations DROP COLUMN last_message_id;    -- it is the message at last_seq

ALTER TABLE messages DROP CONSTRAINT messages_pkey;
ALTER INDEX messages_conversation_seq_key RENAME TO messages_pkey;
ALTER TABLE messages ADD CONSTRAINT messages_pkey PRIMARY KEY USING INDEX messages_pkey;

COMMENT ON INDEX envelopes_pkey IS 'A user''s log after a position, in order: backlog, resume, repair of a gap. No seq is given twice.';
COMMENT ON INDEX messages_pkey IS
    'A thread, by ranges of its dense sequence; the join from envelopes and from a conversation''s end. No two messages share a place.';
