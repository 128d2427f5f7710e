-- The inbox index holds the minute of the latest message instead of its moment: a conversation that goes on moves in it once a minute,
-- not with every message. Within a minute the order comes from conversations.last_message_at.

ALTER TABLE participants RENAME COLUMN last_activity_at TO active_minute;
UPDATE participants SET active_minute = date_bin('1 minute', active_minute, 'epoch');
ALTER TABLE participants ADD CONSTRAINT participants_active_minute_check
    CHECK (active_minute = date_bin('1 minute', active_minute, 'epoch'));

DROP INDEX participants_inbox_idx;
CREATE INDEX participants_inbox_idx ON participants (user_id, active_minute DESC);

COMMENT ON INDEX participants_inbox_idx IS
    'The inbox of a user, latest minute first; within it by (last_message_at, id) of the conversations.';
