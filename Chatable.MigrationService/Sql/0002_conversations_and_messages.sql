-- Conversations, who takes part, and the messages.
-- messages and participants carry no foreign keys: they are written in batches by the one transaction that makes their conversation, from
-- rows it has locked, and a key check would read and lock a users row and a conversations row for each of them. Nothing deletes users or
-- conversations.

CREATE TABLE conversations (
    id              bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT conversations_pkey PRIMARY KEY,
    kind            smallint NOT NULL CONSTRAINT conversations_kind_check CHECK (kind = 0),    -- 0 direct
    user_low        bigint NULL CONSTRAINT conversations_user_low_fkey REFERENCES users (id),
    user_high       bigint NULL CONSTRAINT conversations_user_high_fkey REFERENCES users (id),
    last_seq        bigint NOT NULL DEFAULT 0 CONSTRAINT conversations_last_seq_check CHECK (last_seq >= 0),
    last_message_id uuid NULL,
    last_message_at timestamptz NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conversations_pair_check
        CHECK (kind <> 0 OR (user_low IS NOT NULL AND user_high IS NOT NULL AND user_low <= user_high))
)
-- Every message updates its conversation's row, in columns no index holds: with room on the page the update stays there (HOT).
WITH (fillfactor = 70);

-- A note to oneself has user_low = user_high.
CREATE UNIQUE INDEX conversations_pair_key ON conversations (user_low, user_high) WHERE kind = 0;

COMMENT ON INDEX conversations_pkey IS 'A conversation by id: the inbox; the row lock under which conversation_seq advances.';
COMMENT ON INDEX conversations_pair_key IS 'The conversation of two users: commit of a message, a thread by name. Two users have one.';

CREATE TABLE participants (
    conversation_id  bigint NOT NULL,
    user_id          bigint NOT NULL,
    read_seq         bigint NOT NULL DEFAULT 0 CONSTRAINT participants_read_seq_check CHECK (read_seq >= 0),
    delivered_seq    bigint NOT NULL DEFAULT 0 CONSTRAINT participants_delivered_seq_check CHECK (delivered_seq >= 0),
    last_activity_at timestamptz NOT NULL,
    CONSTRAINT participants_pkey PRIMARY KEY (conversation_id, user_id)
)
-- last_activity_at is in an index, so that its updates leave dead entries there: clear them away before a fifth of the table is dead.
WITH (autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX participants_inbox_idx ON participants (user_id, last_activity_at DESC, conversation_id DESC);

COMMENT ON INDEX participants_pkey IS 'One participant of a conversation: read and delivered positions; the upsert of a commit.';
COMMENT ON INDEX participants_inbox_idx IS 'The inbox of a user, latest first, by keyset (last_activity_at, conversation_id).';

CREATE TABLE messages (
    message_id       uuid NOT NULL CONSTRAINT messages_pkey PRIMARY KEY,
    conversation_id  bigint NOT NULL,
    conversation_seq bigint NOT NULL CONSTRAINT messages_conversation_seq_check CHECK (conversation_seq > 0),
    author_id        bigint NOT NULL,
    author_seq       bigint NOT NULL    -- the seq of the author's own envelope: a repeat is acknowledged from this row alone
                     CONSTRAINT messages_author_seq_check CHECK (author_seq > 0),
    client_id        uuid NOT NULL,
    client_id_text   text NULL          -- set only where the client's id is no canonical lower-case UUID; client_id is its hash then
                     CONSTRAINT messages_client_id_text_check CHECK (char_length(client_id_text) BETWEEN 1 AND 64),
    type             smallint NOT NULL CONSTRAINT messages_type_check CHECK (type IN (0, 1)),    -- 0 text, 1 photo
    body             text NOT NULL CONSTRAINT messages_body_check CHECK (octet_length(body) <= 65536),
    created_at       timestamptz NOT NULL
);

CREATE UNIQUE INDEX messages_author_client_key ON messages (author_id, client_id);
CREATE UNIQUE INDEX messages_conversation_seq_key ON messages (conversation_id, conversation_seq);

COMMENT ON INDEX messages_pkey IS 'A message by id: the join from envelopes and from a conversation''s last message.';
COMMENT ON INDEX messages_author_client_key IS 'Is this a repeat? A client''s id names one message of its author, for ever.';
COMMENT ON INDEX messages_conversation_seq_key IS 'A thread, by ranges of its dense sequence. No two messages share a place.';
