-- A log can be set back: a promoted standby may lack its end, and a restored backup does. Its places are then given to other messages
-- than devices have stored there, so that it needs another epoch. A promotion begins a timeline of PostgreSQL's, by which the services
-- notice it. Nothing in the database tells of a restored backup: an operator begins the epoch (the worker's new-epoch).

ALTER TABLE log_epoch ADD COLUMN number integer NOT NULL DEFAULT 0;
ALTER TABLE log_epoch ADD COLUMN timeline text NULL;    -- as in the names of WAL files: 00000001
UPDATE log_epoch SET timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8);
ALTER TABLE log_epoch ALTER COLUMN timeline SET NOT NULL;

CREATE TABLE past_log_epochs (
    epoch        uuid NOT NULL CONSTRAINT past_log_epochs_pkey PRIMARY KEY,
    number       integer NOT NULL,
    is_continued boolean NOT NULL    -- a promotion ended it: what was written in it and is still here has kept its place
);

COMMENT ON INDEX past_log_epochs_pkey IS 'What became of the epoch that a client names.';

-- The epoch in which it was written. Numbers only grow; they stand here and not epochs, since they cost no room: a row has a gap there.
ALTER TABLE envelopes ADD COLUMN epoch_number integer NOT NULL DEFAULT 0;
-- A worker of before writes no number, whatever the epoch: what it writes from now on is shared with no epoch that has ended.
ALTER TABLE envelopes ALTER COLUMN epoch_number SET DEFAULT 2147483647;
