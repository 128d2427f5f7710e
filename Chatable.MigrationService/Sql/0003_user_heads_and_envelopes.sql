-- Every user's log: one envelope for each message that concerns the user, numbered 1, 2, 3 … without a gap.
-- envelopes carries no foreign keys, for the reasons given for messages.

CREATE TABLE user_heads (
    user_id  bigint NOT NULL CONSTRAINT user_heads_pkey PRIMARY KEY CONSTRAINT user_heads_user_id_fkey REFERENCES users (id),
    last_seq bigint NOT NULL DEFAULT 0 CONSTRAINT user_heads_last_seq_check CHECK (last_seq >= 0)
)
-- The hottest rows there are: each commit locks and updates its users' heads. Half-empty pages keep those updates in place (HOT).
WITH (fillfactor = 50);

COMMENT ON INDEX user_heads_pkey IS 'A user''s head: the row lock under which seq advances, and how far behind a connection is.';

CREATE TABLE envelopes (
    user_id    bigint NOT NULL,
    seq        bigint NOT NULL CONSTRAINT envelopes_seq_check CHECK (seq > 0),
    kind       smallint NOT NULL CONSTRAINT envelopes_kind_check CHECK (kind = 0),    -- 0 message
    message_id uuid NULL,
    CONSTRAINT envelopes_message_check CHECK (kind <> 0 OR message_id IS NOT NULL),
    CONSTRAINT envelopes_pkey PRIMARY KEY (user_id, seq)
);

COMMENT ON INDEX envelopes_pkey IS 'A user''s log after a position, in order: backlog, resume, repair of a gap. No seq is given twice.';

-- Changes when sequences start anew (a restored backup): a client that knows another epoch reloads everything.
CREATE TABLE log_epoch (
    only_row boolean NOT NULL DEFAULT true CONSTRAINT log_epoch_pkey PRIMARY KEY CONSTRAINT log_epoch_only_row_check CHECK (only_row),
    epoch    uuid NOT NULL
);

COMMENT ON INDEX log_epoch_pkey IS 'There is one epoch.';

INSERT INTO log_epoch (epoch) VALUES (gen_random_uuid());
